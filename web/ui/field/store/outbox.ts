// The outbox: items are stored on the phone first, then sent as often as needed; each counts once.
// The same code runs in the page and in the service worker.
import { request, ServerRefusal, Unreachable, type RequestOptions } from "../server/request";
import { newId } from "./ids";
import { notifyChange, localStore } from "./database";
import { isDue, isPending, isUnsent, outcomeOf, applyOutcome, type Item, type Outcome } from "./item_states";
import type { CaseView, Me } from "../types";

export interface Photo {
  id: string;
  made_at: number;
  data: ArrayBuffer;
  type: string;
}

const LOCK = "gridloop-outbox";
const PHOTO_TIMEOUT = 120_000;
/** Bytes per millisecond. */
const SLOWEST_UPLOAD = 30;
const DONE_RETENTION = 7 * 24 * 3_600_000;

/** All items of the outbox, the oldest first. */
export async function items(): Promise<Item[]> {
  const found = await (await localStore).all<Item>("outbox");
  return found.sort((one, other) => one.made_at - other.made_at);
}

/**
 * Store items to be sent. Once this resolves they are stored on the phone. Throws StorageFull.
 *
 * The same item again (a second tap) changes nothing. Other content under an id that is already in the outbox (the draft
 * was open in two tabs) gets a new id, so that nothing is lost. Returns the ids of the stored items.
 */
export async function enqueue(...newItems: Item[]): Promise<string[]> {
  const store = await localStore;
  const renamed = new Map<string, string>();
  for (const item of newItems) {
    const existing = await store.get<Item>("outbox", item.id);
    if (existing && existing.state !== "rejected") {
      if (existing.said === contentDigest(item)) continue;
      renamed.set(item.id, newId());
    }
    const id = renamed.get(item.id) ?? item.id;
    const after = item.after && (renamed.get(item.after) ?? item.after);
    await store.put("outbox", { ...item, id, after, said: contentDigest(item), body: item.body["report_id"] ? { ...item.body, report_id: id } : item.body });
  }
  notifyChange();
  void requestBackgroundSync();
  return newItems.map(({ id }) => renamed.get(id) ?? id);
}

/** A digest (FNV-1a) of the content without its times and what was suggested for it. It only distinguishes a second tap from other content. */
function contentDigest({ body, photos, command }: Item): string {
  const { occurred_at: _, reported_at: __, report_id: ___, done_at: ____, suggestion: _____, ...said } = body;
  let digest = 2166136261;
  const text = JSON.stringify([command, said, photos]);
  for (let i = 0; i < text.length; i++) digest = Math.imul(digest ^ text.charCodeAt(i), 16777619);
  return `${text.length}:${digest >>> 0}`;
}

/** Delete an item with its photos and the items that wait for it. */
export async function deleteItem(id: string): Promise<void> {
  const store = await localStore;
  for (const item of await items()) {
    if (item.id !== id && item.after !== id) continue;
    await store.remove("outbox", item.id);
    for (const photo of item.photos) await store.remove("photos", photo);
  }
  notifyChange();
}

/** Remove an item but keep its photos, which are used elsewhere. */
export async function removeItem(id: string): Promise<void> {
  await (await localStore).remove("outbox", id);
  notifyChange();
}

/** Ask the browser to wake the service worker when the network is back, if it supports that. */
async function requestBackgroundSync(): Promise<void> {
  try {
    const worker = await navigator.serviceWorker?.getRegistration();
    await (worker as unknown as { sync?: { register(tag: string): Promise<void> } } | undefined)?.sync?.register("outbox");
  } catch {
    // Not supported or not allowed: the page sends by itself.
  }
}

// --- sending: one round at a time over all tabs and the worker; a request during a round starts another one ---

let running: Promise<void> | null = null;
let requested = false;
let forced = false;

/** Send the items that are due. `now`: also those that wait for their next attempt. */
export function flush(now = false): Promise<void> {
  forced ||= now;
  requested = true;
  running ??= runRounds().finally(() => (running = null));
  return running;
}

async function runRounds(): Promise<void> {
  while (requested) {
    requested = false;
    const all = forced;
    forced = false;
    await withLock(() => sendRound(all));
  }
}

/** Run `what` under a lock: signing in, signing out and sending never overlap. */
export async function withLock(what: () => Promise<void>): Promise<void> {
  const locks = (navigator as { locks?: LockManager }).locks;
  await (locks ? locks.request(LOCK, what) : what());
}

async function sendRound(all: boolean): Promise<void> {
  const due = (await items()).filter((item) => isDue(item, Date.now(), all));
  if (!due.length) return;
  const me = await readSender(due);
  if (!me) return;
  for (const { id } of due) {
    const item = await (await localStore).get<Item>("outbox", id);
    if (!item || !isUnsent(item)) continue;
    const mine = item.by === me.id;
    const outcome = mine ? await sendItem(await withCaseNo(item)) : ({ kind: "sign_in" } as const);
    if (outcome === "later") continue;
    await recordOutcome(item.id, outcome === "lost" ? { kind: "again" } : outcome);
    if (outcome === "lost") return; // no network: the other items would fail as well
  }
}

/** The signed-in person. If there is none, the items wait for a sign-in; without a network they wait for the next try. */
async function readSender(due: Item[]): Promise<Me | null> {
  try {
    return (await request<Me>("GET", "me")).data;
  } catch (error) {
    const signedOut = error instanceof ServerRefusal && error.status === 401;
    for (const item of due) await recordOutcome(item.id, signedOut ? { kind: "sign_in" } : { kind: "again" });
    return null;
  }
}

/** The item with the case number of the report that it waits for, once that is known. */
async function withCaseNo(item: Item): Promise<Item> {
  if (!item.after || item.case_no) return item;
  const first = await (await localStore).get<Item>("outbox", item.after);
  if (!first?.case_no) return item;
  return (await changeItem(item.id, (known) => ({ ...known, case_no: first.case_no }))) ?? item;
}

/** Send one item. "later": its report has no case number yet; "lost": no answer came. */
async function sendItem(item: Item): Promise<Outcome | "later" | "lost"> {
  if (item.kind === "command" && !item.case_no) return "later";
  try {
    if (item.state === "stored" && item.kind === "report") return await checkReport(item);
    const uploaded = await uploadPhotos({ ...item, state: "sending" });
    return uploaded ? await postItem(uploaded) : "later";
  } catch (error) {
    if (error instanceof Unreachable) return "lost";
    if (!(error instanceof ServerRefusal)) throw error;
    if (error.code === "unknown_attachment" && item.tries < 3) {
      await changeItem(item.id, (known) => ({ ...known, sent: {} }));
      return { kind: "again" };
    }
    if (error.code === "time_in_future") {
      // The phone's clock is ahead: send without times, the server then sets them.
      await changeItem(item.id, ({ body: { occurred_at: _, reported_at: __, done_at: ___, ...body }, ...known }) => ({ ...known, body }));
      return { kind: "again" };
    }
    if (error.pointer === "/suggestion") {
      // What was suggested is only counted: a report never fails for it.
      await changeItem(item.id, ({ body: { suggestion: _, ...body }, ...known }) => ({ ...known, body }));
      return { kind: "again" };
    }
    if (error.code === "report_id_reused") return await checkReport(item);
    return outcomeOf(error.status, error.code, error.detail, error.retryAfter);
  }
}

/** Upload the photos one by one, and record each that the server has. Null if the item was removed in the meantime. */
async function uploadPhotos(item: Item): Promise<Item | null> {
  let current = await changeItem(item.id, (old) => ({ ...old, state: "sending" }));
  const store = await localStore;
  for (const id of item.photos) {
    if (!current) return null;
    if (current.sent[id]) continue;
    const photo = await store.get<Photo>("photos", id);
    if (!photo) throw new ServerRefusal(422, "photo_gone", "");
    const form = new FormData();
    form.append("file", new Blob([photo.data], { type: photo.type }), "photo.jpg");
    const reply = await request<{ sha256: string }>("POST", "attachments", { form, language: item.language, timeout: Math.max(PHOTO_TIMEOUT, photo.data.byteLength / SLOWEST_UPLOAD) });
    current = await changeItem(item.id, (old) => ({ ...old, sent: { ...old.sent, [id]: reply.data.sha256 } }));
  }
  return current ?? null;
}

/** The body with the photos among its answers as the server knows them. */
function withSentPhotos(body: Record<string, unknown>, sent: Record<string, string>): Record<string, unknown> {
  const answers = body["answers"] as Record<string, string[]> | undefined;
  return answers ? { ...body, answers: Object.fromEntries(Object.entries(answers).map(([code, texts]) => [code, texts.map((text) => sent[text] ?? text)])) } : body;
}

async function postItem(item: Item): Promise<Outcome> {
  if (item.kind === "duty") return await postDuty(item);
  const photos = item.photos.map((id) => item.sent[id]!);
  const body = withSentPhotos({ ...item.body, ...(photos.length ? { [item.photo_field]: photos } : {}) }, item.sent);
  const options: RequestOptions = { body, language: item.language, id: item.id };
  const path = item.kind === "report" ? "cases" : `cases/${item.case_no}/commands/${item.command}`;
  const reply = await request<CaseView>("POST", path, options);
  return reply.status === 202 ? { kind: "stored" } : { kind: "done", case_no: reply.data.case_no };
}

/** Send what was found at a duty. Its photos stand by their ids on the phone, wherever they belong: the hashes replace them. */
async function postDuty(item: Item): Promise<Outcome> {
  const body = JSON.parse(JSON.stringify(item.body), (_, value: unknown) => (typeof value === "string" && item.sent[value]) || value) as Record<string, unknown>;
  await request<unknown>("POST", `duties/${item.duty}/report`, { body, language: item.language, id: item.id });
  return { kind: "done", case_no: "" };
}

/** Check the state of a report that the server has. A report that it does not know is sent again. */
async function checkReport(item: Item): Promise<Outcome> {
  try {
    const reply = await request<CaseView>("GET", `reports/${item.id}`, { language: item.language });
    return reply.status === 202 ? { kind: "stored" } : { kind: "done", case_no: reply.data.case_no };
  } catch (error) {
    if (!(error instanceof ServerRefusal) || error.status !== 404) throw error;
    await changeItem(item.id, (known) => ({ ...known, state: "waiting" }));
    return { kind: "again" };
  }
}

async function changeItem(id: string, update: (item: Item) => Item): Promise<Item | undefined> {
  const updated = await (await localStore).change<Item>("outbox", id, update);
  notifyChange();
  return updated;
}

async function recordOutcome(id: string, outcome: Outcome): Promise<void> {
  const updated = await changeItem(id, (item) => applyOutcome(item, outcome, Date.now()));
  if (updated?.state !== "done") return;
  const store = await localStore;
  for (const photo of updated.photos) await store.remove("photos", photo);
}

/** Whether nothing is left to send, for any person. */
export async function isAllSent(): Promise<boolean> {
  return !(await items()).some(isUnsent);
}

/** Remove items that were done a week ago, and photos that nothing uses. */
export async function cleanUp(drafted: string[]): Promise<void> {
  const store = await localStore;
  const all = await items();
  const now = Date.now();
  for (const item of all) if (!isPending(item) && now - (item.done_at ?? now) > DONE_RETENTION) await store.remove("outbox", item.id);
  const used = new Set([...drafted, ...all.filter(isPending).flatMap((item) => item.photos)]);
  for (const photo of await store.all<Photo>("photos"))
    if (!used.has(photo.id) && now - photo.made_at > 3_600_000) await store.remove("photos", photo.id);
}
