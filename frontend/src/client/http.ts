/** JSON over HTTP with the session's cookie and its CSRF token, or headers of one's own. */

export interface HttpOptions {
  /** Scheme, host and port of the server; the page's own when absent. */
  baseUrl?: string;
  fetch?: typeof fetch;
  /** Added to every request, for instance an Authorization header. */
  headers?: () => Record<string, string>;
}

const TIMEOUT_MS = 15_000;

export class HttpError extends Error {
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

  private async request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.answer(method, path, body);
    const text = await response.text();
    if (!response.ok) {
      throw new HttpError(response.status, detailOf(text, response), retryAfterMs(response));
    }
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  private async answer(method: string, path: string, body: unknown): Promise<Response> {
    const headers: Record<string, string> = {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(method === "GET" ? {} : csrfHeader()),
      ...this.options.headers?.(),
    };
    try {
      return await this.fetch(new URL(path, this.baseUrl).href, {
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

/** Django compares this header with its cookie; it changes at login, so read it each time. */
function csrfHeader(): Record<string, string> {
  const cookies = "document" in globalThis ? globalThis.document.cookie : "";
  const match = /(?:^|;\s*)csrftoken=([^;]+)/.exec(cookies);
  return match?.[1] === undefined ? {} : { "X-CSRFToken": match[1] };
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

function retryAfterMs(response: Response): number | null {
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}
