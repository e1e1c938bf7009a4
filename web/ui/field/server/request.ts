// Requests to the API. The result is a reply, a refusal with its reason, or no answer.

/** The server refused the request; `detail` is the reason. */
export class ServerRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly pointer: string = "",
    readonly retryAfter: number = 0,
  ) {
    super(detail);
  }
}

/** No answer: no network, or a timeout. It is unknown whether the request arrived. */
export class Unreachable extends Error {}

export interface RequestOptions {
  body?: unknown;
  form?: FormData | URLSearchParams;
  /** The idempotency key: a command sent again with the same id counts once. */
  id?: string;
  language?: string;
  /** Milliseconds. */
  timeout?: number;
}

export interface Reply<T> {
  status: number;
  data: T;
}

const DEFAULT_TIMEOUT = 30_000;
// The shell is served beside the API's path, both for the page and for the service worker.
const BASE = new URL("../api/v1/", location.href);

/** The address of an API path, for pictures. */
export function apiUrl(path: string): string {
  return new URL(path, BASE).href;
}

/** What the browser may keep and ask about by its tag: the same for everybody, large, and rarely changed. */
const KEPT_BY_THE_BROWSER = new Set(["categories"]);

/** Send a request; `path` is relative to `/api/v1/`. Throws ServerRefusal and Unreachable. */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<Reply<T>> {
  const headers: Record<string, string> = { "X-Gridloop": "1", "Accept-Language": options.language === "en" ? "en" : "zh-CN" };
  if (options.id) headers["Idempotency-Key"] = options.id;
  let body: BodyInit | undefined = options.form;
  if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(options.body);
  }
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), options.timeout ?? DEFAULT_TIMEOUT);
  try {
    const response = await (takeEarlyResponse(method, path, controller.signal) ?? fetch(apiUrl(path), { method, headers, body, signal: controller.signal, credentials: "same-origin", cache: KEPT_BY_THE_BROWSER.has(path) ? "no-cache" : "no-store" }));
    const text = await response.text();
    if (response.ok) return { status: response.status, data: parseJson<T>(text) as T };
    throw readRefusal(response, text);
  } catch (error) {
    throw error instanceof ServerRefusal ? error : new Unreachable(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** An early response is used once, and only within this time after the start (milliseconds): later it may be outdated. */
const EARLY_MAX_AGE = 10_000;

/** The response to a request that `early.ts` has already sent, if any. A change discards all early responses. */
function takeEarlyResponse(method: string, path: string, signal: AbortSignal): Promise<Response> | undefined {
  const shared = globalThis as { early?: Map<string, Promise<Response>>; begun?: boolean };
  shared.begun = true; // if the app starts first, `early.ts` sends nothing
  const { early } = shared;
  if (method !== "GET" || performance.now() > EARLY_MAX_AGE) early?.clear();
  const answer = early?.get(path);
  early?.delete(path);
  return answer && Promise.race([answer, new Promise<never>((_, failed) => signal.addEventListener("abort", failed))]);
}

function parseJson<T>(text: string): T | undefined {
  return text ? (JSON.parse(text) as T) : undefined;
}

interface Problem {
  code?: string;
  title?: string;
  detail?: string;
  errors?: { pointer: string; message: string }[];
}

function readRefusal(response: Response, text: string): ServerRefusal {
  let problem: Problem = {};
  try {
    problem = parseJson<Problem>(text) ?? {};
  } catch {
    // An error page of a proxy: only its status is known.
  }
  const fault = problem.errors?.[0];
  const detail = fault && fault.message !== problem.detail ? `${problem.detail ?? ""} ${fault.message}`.trim() : problem.detail;
  const wait = Number(response.headers.get("Retry-After")) || 0;
  return new ServerRefusal(response.status, problem.code ?? "", detail ?? problem.title ?? `HTTP ${response.status}`, fault?.pointer ?? "", wait);
}
