// Asking the server. What comes back is an answer, a refusal with its reason, or nothing at all.

/** The server said no, and why. */
export class Refused extends Error {
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

export interface Wanted {
  body?: unknown;
  form?: FormData | URLSearchParams;
  /** Sent again with the same id, a command counts once. */
  id?: string;
  language?: string;
  /** Milliseconds. */
  patience?: number;
}

export interface Answer<T> {
  status: number;
  data: T;
}

const PATIENCE = 30_000;
// The shell lies beside the API's folder, in the page as in the service worker.
const BASE = new URL("../api/v1/", location.href);

/** The address of a file of the API, for pictures. */
export function address(path: string): string {
  return new URL(path, BASE).href;
}

/** Asks; `path` is relative to `/api/v1/`. Throws Refused and Unreachable. */
export async function ask<T>(method: string, path: string, wanted: Wanted = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { "X-Gridloop": "1", "Accept-Language": wanted.language === "en" ? "en" : "zh-CN" };
  if (wanted.id) headers["Idempotency-Key"] = wanted.id;
  let body: BodyInit | undefined = wanted.form;
  if (wanted.body !== undefined) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(wanted.body);
  }
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), wanted.patience ?? PATIENCE);
  try {
    const said = await (takeEarly(method, path, stop.signal) ?? fetch(address(path), { method, headers, body, signal: stop.signal, credentials: "same-origin", cache: "no-store" }));
    const text = await said.text();
    if (said.ok) return { status: said.status, data: read<T>(text) as T };
    throw refusal(said, text);
  } catch (error) {
    throw error instanceof Refused ? error : new Unreachable(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** An early answer is taken once, and only soon after the start: later it would no longer be what the server says. */
const FRESH = 10_000;

/** What `early.ts` has asked for already, if it has; a change makes all of that void. */
function takeEarly(method: string, path: string, stop: AbortSignal): Promise<Response> | undefined {
  const place = globalThis as { early?: Map<string, Promise<Response>>; begun?: boolean };
  place.begun = true; // should the app be there first, nothing is asked early any more
  const { early } = place;
  if (method !== "GET" || performance.now() > FRESH) early?.clear();
  const answer = early?.get(path);
  early?.delete(path);
  return answer && Promise.race([answer, new Promise<never>((_, failed) => stop.addEventListener("abort", failed))]);
}

function read<T>(text: string): T | undefined {
  return text ? (JSON.parse(text) as T) : undefined;
}

interface Problem {
  code?: string;
  title?: string;
  detail?: string;
  errors?: { pointer: string; message: string }[];
}

function refusal(said: Response, text: string): Refused {
  let problem: Problem = {};
  try {
    problem = read<Problem>(text) ?? {};
  } catch {
    // A proxy's page: its status is all it says.
  }
  const fault = problem.errors?.[0];
  const detail = fault && fault.message !== problem.detail ? `${problem.detail ?? ""} ${fault.message}`.trim() : problem.detail;
  const wait = Number(said.headers.get("Retry-After")) || 0;
  return new Refused(said.status, problem.code ?? "", detail ?? problem.title ?? `HTTP ${said.status}`, fault?.pointer ?? "", wait);
}
