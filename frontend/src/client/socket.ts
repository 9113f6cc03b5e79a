/** One WebSocket from its opening to its end; the end is told exactly once. */

export interface WebSocketLike {
  readonly readyState: number;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  send: (data: string) => void;
  close: (code?: number, reason?: string) => void;
}

export type WebSocketConstructor = new (address: string, protocols: string[]) => WebSocketLike;

const OPEN = 1;
const ABNORMAL = 1006;
const GONE_QUIET = 4000;

interface SocketOptions {
  WebSocket: WebSocketConstructor | undefined;
  address: string;
  protocols: string[];
  onText: (text: string) => void;
  onClose: (code: number) => void;
}

export class Socket {
  private readonly webSocket: WebSocketLike;
  private isOver = false;

  constructor(private readonly options: SocketOptions) {
    const Constructor =
      options.WebSocket ?? (globalThis.WebSocket as unknown as WebSocketConstructor);
    this.webSocket = new Constructor(options.address, options.protocols);
    this.webSocket.onmessage = (event) => {
      if (!this.isOver && typeof event.data === "string") options.onText(event.data);
    };
    this.webSocket.onclose = (event) => this.end(event.code);
    // A close event always follows; without a handler Node.js would end the process.
    this.webSocket.onerror = () => undefined;
  }

  send(text: string): boolean {
    if (this.isOver || this.webSocket.readyState !== OPEN) return false;
    this.webSocket.send(text);
    return true;
  }

  /** Close on our own wish; nothing more is told. */
  close(): void {
    this.isOver = true;
    this.webSocket.close(1000);
  }

  /** Give up a connection that no longer answers, without waiting for its goodbye. */
  abandon(): void {
    this.end(ABNORMAL);
    this.webSocket.close(GONE_QUIET);
  }

  private end(code: number): void {
    if (this.isOver) return;
    this.isOver = true;
    this.options.onClose(code);
  }
}
