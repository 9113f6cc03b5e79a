/** What the page says of mailings in English. */

import type { MailingStatus } from "../client";

const numbers = new Intl.NumberFormat("en");

const english: Record<MailingStatus, string> = {
  draft: "Draft",
  scheduled: "Scheduled",
  running: "Running",
  paused: "Paused",
  done: "Done",
  cancelled: "Cancelled",
};

export const enMailings = {
  mailings: "Mailings",
  mailingProgress: (title: string) => `Progress of ${title}`,
  mailingStatus: (status: MailingStatus) => english[status],
  mailingStart: "Start",
  mailingStartOf: (title: string) => `Start: ${title}`,
  mailingConfirm: (clients: number, messages: number) =>
    `Start this mailing to ${numbers.format(clients)} clients (${numbers.format(messages)} SMS)?`,
  mailingSent: (sent: number, total: number) =>
    `${numbers.format(sent)} of ${numbers.format(total)} sent`,
  mailingFailed: (count: number) => `${numbers.format(count)} failed`,
  mailingExpired: (count: number) => `${numbers.format(count)} expired`,
  mailingUnknown: (count: number) => `${numbers.format(count)} unknown`,
  mailingCancelled: (count: number) => `${numbers.format(count)} cancelled`,
  mailingRate: (rate: number) => `${numbers.format(rate)} a second`,
  mailingLeft: (duration: string) => `${duration} left`,
  mailingNotStarted: "The mailing could not be started.",
};
