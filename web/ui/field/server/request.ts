// Asking the server. What comes back is an answer, a refusal with its reason, or nothing at all.

/** The server said no, and why. */
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

/** No answer: no network, or it took too long. Nobody knows whether the question arrived. */
export class Unreachable extends Error {}

export interface RequestOptions {
  body?: unknown;
  form?: FormData | URLSearchParams;
  /** Sent again with the same id, a command counts once. */
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
// The shell lies beside the API's folder, in the page as in the service worker.
const BASE = new URL("../api/v1/", location.href);

/** The address of a file of the API, for pictures. */
export function apiUrl(path: string): string {
  return new URL(path, BASE).href;
}

/** Asks; `path` is relative to `/api/v1/`. Throws Refused and Unreachable. */
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
    const response = await (takeEarlyResponse(method, path, controller.signal) ?? fetch(apiUrl(path), { method, headers, body, signal: controller.signal, credentials: "same-origin", cache: "no-store" }));
    const text = await response.text();
    if (response.ok) return { status: response.status, data: parseJson<T>(text) as T };
    throw readRefusal(response, text);
  } catch (error) {
    throw error instanceof ServerRefusal ? error : new Unreachable(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** An early answer is taken once, and only soon after the start: later it would no longer be what the server says. */
const EARLY_MAX_AGE = 10_000;

/** What `early.ts` has asked for already, if it has; a change makes all of that void. */
function takeEarlyResponse(method: string, path: string, signal: AbortSignal): Promise<Response> | undefined {
  const shared = globalThis as { early?: Map<string, Promise<Response>>; begun?: boolean };
  shared.begun = true; // should the app be there first, nothing is asked early any more
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
    // A proxy's page: its status is all it says.
  }
  const fault = problem.errors?.[0];
  const detail = fault && fault.message !== problem.detail ? `${problem.detail ?? ""} ${fault.message}`.trim() : problem.detail;
  const wait = Number(response.headers.get("Retry-After")) || 0;
  return new ServerRefusal(response.status, problem.code ?? "", detail ?? problem.title ?? `HTTP ${response.status}`, fault?.pointer ?? "", wait);
}
