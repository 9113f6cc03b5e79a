/** JSON over HTTP, with the session's cookie and its CSRF token or with a token. */

export interface HttpOptions {
  /** Scheme, host and port of the server; the page's own when absent. */
  baseUrl?: string;
  fetch?: typeof fetch;
  /** Added to every request, for instance an Authorization header. */
  headers?: () => Record<string, string>;
  /**
   * The Authorization header, null for none; asked for before every request, and once more
   * with the header that the server refused with 401.
   */
  authorization?: (refused: string | null) => Promise<string | null>;
}

const TIMEOUT_MS = 15_000;

export class HttpError extends Error {
  /** What was wrong with each field of the body, as the server says it. */
  fields: Readonly<Record<string, readonly string[]>> = {};

  constructor(
    /** 0 when there was no answer at all. */
    readonly status: number,
    message: string,
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
    this.name = "HttpError";
  }

  get isLoginRequired(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

export class Http {
  private readonly fetch: typeof fetch;
  readonly baseUrl: string;

  constructor(private readonly options: HttpOptions = {}) {
    this.fetch = options.fetch ?? ((...args) => globalThis.fetch(...args));
    this.baseUrl = options.baseUrl ?? globalThis.location.origin;
  }

  get<T>(path: string): Promise<T> {
    return this.request<T>("GET", path);
  }

  post<T>(path: string, body?: unknown): Promise<T> {
    return this.request<T>("POST", path, body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.request<T>("PATCH", path, body);
  }

  delete<T = void>(path: string): Promise<T> {
    return this.request<T>("DELETE", path);
  }

  private async request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const address = new URL(path, this.baseUrl);
    const authorization = (await this.options.authorization?.(null)) ?? null;
    let response = await this.answer(address, { method, body, authorization });
    if (response.status === 401 && authorization !== null) {
      const renewed = (await this.options.authorization?.(authorization)) ?? null;
      response = await this.answer(address, { method, body, authorization: renewed });
    }
    const text = await response.text();
    if (!response.ok) throw failure(response, text);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  private async answer(address: URL, call: Call): Promise<Response> {
    const { method, body, authorization } = call;
    const headers: Record<string, string> = {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(authorization === null ? csrfHeader(method, address) : {}),
      ...(authorization === null ? {} : { Authorization: authorization }),
      ...this.options.headers?.(),
    };
    try {
      return await this.fetch(address.href, {
        method,
        headers,
        credentials: "same-origin",
        cache: "no-store",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new HttpError(0, error instanceof Error ? error.message : "no answer");
    }
  }
}

interface Call {
  method: string;
  body: unknown;
  authorization: string | null;
}

/**
 * Django compares this header with its cookie; it changes at login, so read it each time.
 * It is nobody else's: another origin must not get it, and would not allow the header.
 */
function csrfHeader(method: string, address: URL): Record<string, string> {
  if (method === "GET" || !("document" in globalThis)) return {};
  if (address.origin !== globalThis.location.origin) return {};
  const match = /(?:^|;\s*)csrftoken=([^;]+)/.exec(globalThis.document.cookie);
  return match?.[1] === undefined ? {} : { "X-CSRFToken": match[1] };
}

function failure(response: Response, text: string): HttpError {
  const { status } = response;
  const error = new HttpError(status, detailOf(text, response), retryAfterMs(response));
  error.fields = fieldsOf(text);
  return error;
}

function detailOf(text: string, response: Response): string {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && "detail" in body) {
      return String(body.detail);
    }
  } catch {
    // A proxy's error page; the status line says enough.
  }
  return `${response.status} ${response.statusText}`.trim();
}

function fieldsOf(text: string): Record<string, string[]> {
  try {
    const entries = Object.entries(JSON.parse(text) as object);
    return Object.fromEntries(entries.filter((entry) => Array.isArray(entry[1])));
  } catch {
    return {};
  }
}

function retryAfterMs(response: Response): number | null {
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}
