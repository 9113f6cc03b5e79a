/** What a user of the client imports. */

export type { Pass, TicketSource } from "./access";
export { AccountApi, type Account, type Credentials } from "./account";
export {
  AlertsApi,
  type AlertsPage,
  type AlertsQuery,
  type Dashboard,
  type Snooze,
} from "./alerts";
export { CarillonClient, type ClientOptions } from "./client";
export type { StopReason } from "./close-codes";
export type { ClientEvents, ConnectionStatus, ReloadReason } from "./events";
export type { FallbackState } from "./fallback";
export type * from "./frames";
export { Http, HttpError, type HttpOptions } from "./http";
export {
  frameOf,
  InboxApi,
  type InboxAction,
  type InboxPage,
  type InboxQuery,
  type InboxRow,
  type RowState,
} from "./inbox";
export type { Position, StreamPosition } from "./position";
export type { PositionStorage } from "./storage";
export type { WebSocketConstructor, WebSocketLike } from "./socket";
export type { Timers } from "./timers";
