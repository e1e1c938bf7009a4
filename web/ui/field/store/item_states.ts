// What becomes of an item of the outbox: pure, so that each path can be tested by itself.

/**
 * waiting: to be sent. sending: under way. stored: the server has it durably, no number yet. rejected: the server
 * said no and why. sign_in: kept until its owner signs in. done: taken, with its number.
 */
export type State = "waiting" | "sending" | "stored" | "rejected" | "sign_in" | "done";

export interface Item {
  /** Made on the phone: the report's id, or the command's. Sent again it counts once. */
  id: string;
  kind: "report" | "command";
  /** Milliseconds, as all moments here. */
  made_at: number;
  /** Whose it is: on a shared phone nothing goes out in another's name. */
  by: string;
  by_name: string;
  language: string;
  title: string;
  body: Record<string, unknown>;
  /** The form as it was filled in, to be put right if the server refuses it. */
  wrote?: unknown;
  /** Ids of photos on the phone, and under which name the body carries them. */
  photos: string[];
  photo_field: string;
  /** What each photo is called by the server, once it is there. */
  sent: Record<string, string>;
  command?: string;
  case_no?: string;
  /** A digest of what was said, made when it was stored. */
  said?: string;
  /** Waits for this report, whose number it needs. */
  after?: string;
  state: State;
  tries: number;
  next_at: number;
  code?: string;
  reason?: string;
  status?: number;
  done_at?: number;
}

export type Outcome =
  | { kind: "done"; case_no: string }
  | { kind: "stored" }
  | { kind: "again"; wait?: number }
  | { kind: "sign_in" }
  | { kind: "refused"; status: number; code: string; reason: string };

const FIRST_RETRY = 5_000;
const MAX_RETRY = 10 * 60_000;
const STORED_CHECK_DELAY = 5_000;
/** An item that waits longer than this is shown in red. */
export const LATE_AFTER = 24 * 3_600_000;

/** How long to wait after the nth failure, milliseconds. */
export function backOff(tries: number): number {
  return Math.min(MAX_RETRY, FIRST_RETRY * 2 ** Math.max(0, tries - 1));
}

/** The item after that outcome. */
export function applyOutcome(item: Item, outcome: Outcome, now: number): Item {
  const cleared: Item = { ...item, code: undefined, reason: undefined, status: undefined };
  switch (outcome.kind) {
    case "done":
      // What it said is on record now: of people's names and numbers nothing stays on the phone.
      return { ...cleared, state: "done", case_no: outcome.case_no, done_at: now, body: {}, wrote: undefined };
    case "stored":
      return { ...cleared, state: "stored", next_at: now + STORED_CHECK_DELAY };
    case "sign_in":
      return { ...cleared, state: "sign_in" };
    case "refused":
      return { ...cleared, state: "rejected", status: outcome.status, code: outcome.code, reason: outcome.reason };
    case "again": {
      const tries = item.tries + 1;
      const wait = Math.max(backOff(tries), (outcome.wait ?? 0) * 1000);
      // What the server has stays known as such, also while it can't be asked.
      return { ...cleared, state: item.state === "stored" ? "stored" : "waiting", tries, next_at: now + wait };
    }
  }
}

/** Whether it still has to reach the server by itself. */
export function isUnsent(item: Item): boolean {
  return item.state !== "done" && item.state !== "rejected";
}

/** Whether it needs its owner or the network: everything that is not done. */
export function isPending(item: Item): boolean {
  return item.state !== "done";
}

/** Whether to try now. `forced`: the network is back, or the person says so. */
export function isDue(item: Item, now: number, forced: boolean): boolean {
  return isUnsent(item) && (forced || item.next_at <= now);
}

/** How far it is, of 100: each photo counts, and so does the report itself. */
export function percent(item: Item): number {
  if (item.state === "done") return 100;
  return Math.floor((100 * Object.keys(item.sent).length) / (item.photos.length + 1));
}

/** How an answer of the server, by its status, is to be taken; 2xx is not for here. */
export function outcomeOf(status: number, code: string, reason: string, wait: number): Outcome {
  if (status === 401) return { kind: "sign_in" };
  if (status >= 500 || status === 408 || status === 425 || status === 429) return { kind: "again", wait };
  return { kind: "refused", status, code, reason };
}

/** Whether the refusal says that the case has gone on meanwhile: the answer can be kept as a note. */
export function isOutdated(item: Item): boolean {
  return item.state === "rejected" && item.kind === "command" && [403, 404, 409, 412].includes(item.status ?? 0);
}
