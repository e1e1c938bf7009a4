// The states of an outbox item. Pure functions, so that each transition can be tested.

/**
 * waiting: to be sent. sending: in progress. stored: stored on the server, without a case number yet. rejected: refused
 * by the server with a reason. sign_in: waits until its owner signs in. done: recorded, with its case number.
 */
export type State = "waiting" | "sending" | "stored" | "rejected" | "sign_in" | "done";

export interface Item {
  /** The id of the report or the command, made on the phone. Sent again, it counts once. */
  id: string;
  kind: "report" | "command" | "duty";
  /** Milliseconds, as all moments here. */
  made_at: number;
  /** The owner: on a shared phone nothing is sent in another person's name. */
  by: string;
  by_name: string;
  language: string;
  title: string;
  body: Record<string, unknown>;
  /** The draft, to be corrected if the server refuses the item. */
  wrote?: unknown;
  /** Ids of photos on the phone; `photo_field` is their field in the body. */
  photos: string[];
  photo_field: string;
  /** The hash of each uploaded photo, by its id. */
  sent: Record<string, string>;
  command?: string;
  case_no?: string;
  /** The id of the duty that was done; in its body photos stand by their ids on the phone. */
  duty?: string;
  /** A digest of the content, made when the item was stored. */
  said?: string;
  /** The id of the report that this command waits for, because it needs its case number. */
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

/** The wait after the nth failure, milliseconds. */
export function backOff(tries: number): number {
  return Math.min(MAX_RETRY, FIRST_RETRY * 2 ** Math.max(0, tries - 1));
}

/** The item after an outcome. */
export function applyOutcome(item: Item, outcome: Outcome, now: number): Item {
  const cleared: Item = { ...item, code: undefined, reason: undefined, status: undefined };
  switch (outcome.kind) {
    case "done":
      // The content is on record now; no names and phone numbers stay on the phone.
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
      // A stored item stays stored, also while the server cannot be reached.
      return { ...cleared, state: item.state === "stored" ? "stored" : "waiting", tries, next_at: now + wait };
    }
  }
}

/** Whether the item still has to be sent. */
export function isUnsent(item: Item): boolean {
  return item.state !== "done" && item.state !== "rejected";
}

/** Whether the item is not done: it needs its owner or the network. */
export function isPending(item: Item): boolean {
  return item.state !== "done";
}

/** Whether to send the item now. `forced`: the network is back, or the person asked for it. */
export function isDue(item: Item, now: number, forced: boolean): boolean {
  return isUnsent(item) && (forced || item.next_at <= now);
}

/** The progress in percent: each photo counts as one part, and so does the report itself. */
export function percent(item: Item): number {
  if (item.state === "done") return 100;
  return Math.floor((100 * Object.keys(item.sent).length) / (item.photos.length + 1));
}

/** The outcome for a response that is not 2xx, by its status. */
export function outcomeOf(status: number, code: string, reason: string, wait: number): Outcome {
  if (status === 401) return { kind: "sign_in" };
  if (status >= 500 || status === 408 || status === 425 || status === 429) return { kind: "again", wait };
  return { kind: "refused", status, code, reason };
}

/** Whether the item was refused because the case has changed: its text can be kept as a comment. Duties have no comments. */
export function isOutdated(item: Item): boolean {
  return item.state === "rejected" && item.kind === "command" && [403, 404, 409, 412].includes(item.status ?? 0);
}
