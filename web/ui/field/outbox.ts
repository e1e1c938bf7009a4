// The outbox: what was said is stored on the phone first, then sent, however often it takes; it counts once.
// The same code runs in the page and in the service worker.
import { ask, Refused, Unreachable, type Wanted } from "./ask";
import { newId } from "./ids";
import { changed, shelf } from "./shelf";
import { isDue, isHere, isOpen, meaning, next, type Item, type Outcome } from "./states";
import type { CaseView, Me } from "./types";

export interface Photo {
  id: string;
  made_at: number;
  data: ArrayBuffer;
  type: string;
}

const LOCK = "gridloop-outbox";
const PHOTO_PATIENCE = 120_000;
const KEEP_DONE = 7 * 24 * 3_600_000;

/** Everything in the outbox, the oldest first. */
export async function items(): Promise<Item[]> {
  const found = await (await shelf).all<Item>("outbox");
  return found.sort((one, other) => one.made_at - other.made_at);
}

/**
 * Stores what is to be sent. Once this resolves it is on the phone. Throws Full.
 *
 * The same again (a second tap) changes nothing. Something else under an id that is on its way already (the draft was
 * open in two tabs) becomes an item of its own: nothing is dropped. Answers the ids under which the items went.
 */
export async function enqueue(...wanted: Item[]): Promise<string[]> {
  const place = await shelf;
  const renamed = new Map<string, string>();
  for (const item of wanted) {
    const known = await place.get<Item>("outbox", item.id);
    if (known && known.state !== "rejected") {
      if (known.said === contentOf(item)) continue;
      renamed.set(item.id, newId());
    }
    const id = renamed.get(item.id) ?? item.id;
    const after = item.after && (renamed.get(item.after) ?? item.after);
    await place.put("outbox", { ...item, id, after, said: contentOf(item), body: item.body["report_id"] ? { ...item.body, report_id: id } : item.body });
  }
  changed();
  void askForSync();
  return wanted.map(({ id }) => renamed.get(id) ?? id);
}

/** A digest (FNV-1a) of what was said, without when. It only tells a second tap from another text. */
function contentOf({ body, photos, command }: Item): string {
  const { occurred_at: _, reported_at: __, report_id: ___, ...said } = body;
  let digest = 2166136261;
  const text = JSON.stringify([command, said, photos]);
  for (let i = 0; i < text.length; i++) digest = Math.imul(digest ^ text.charCodeAt(i), 16777619);
  return `${text.length}:${digest >>> 0}`;
}

/** Takes an item away for good, with its photos and what waits for it. */
export async function discard(id: string): Promise<void> {
  const place = await shelf;
  for (const item of await items()) {
    if (item.id !== id && item.after !== id) continue;
    await place.remove("outbox", item.id);
    for (const photo of item.photos) await place.remove("photos", photo);
  }
  changed();
}

/** Takes an item away without what it is made of: its photos are used elsewhere. */
export async function dropItem(id: string): Promise<void> {
  await (await shelf).remove("outbox", id);
  changed();
}

/** Has the browser wake the service worker when the network is back, where it can. */
async function askForSync(): Promise<void> {
  try {
    const worker = await navigator.serviceWorker?.getRegistration();
    await (worker as unknown as { sync?: { register(tag: string): Promise<void> } } | undefined)?.sync?.register("outbox");
  } catch {
    // Not here, or not allowed: the page sends by itself.
  }
}

// --- sending: one at a time, over all tabs and the worker; who asks meanwhile is not forgotten ---

let running: Promise<void> | null = null;
let again = false;
let forced = false;

/** Sends what is due. `now`: also what waits for its next try. */
export function flush(now = false): Promise<void> {
  forced ||= now;
  again = true;
  running ??= work().finally(() => (running = null));
  return running;
}

async function work(): Promise<void> {
  while (again) {
    again = false;
    const all = forced;
    forced = false;
    await exclusively(() => round(all));
  }
}

/** Whether somebody signs in or out, or sends, only one does so at a time. */
export async function exclusively(what: () => Promise<void>): Promise<void> {
  const locks = (navigator as { locks?: LockManager }).locks;
  await (locks ? locks.request(LOCK, what) : what());
}

async function round(all: boolean): Promise<void> {
  const due = (await items()).filter((item) => isDue(item, Date.now(), all));
  if (!due.length) return;
  const me = await whoSends(due);
  if (!me) return;
  for (const { id } of due) {
    const item = await (await shelf).get<Item>("outbox", id);
    if (!item || !isOpen(item)) continue;
    const mine = item.by === me.id;
    const outcome = mine ? await send(await ready(item)) : ({ kind: "sign_in" } as const);
    if (outcome === "later") continue;
    await settle(item.id, outcome === "lost" ? { kind: "again" } : outcome);
    if (outcome === "lost") return; // no network: the others would only wait for it too
  }
}

/** Who is signed in. Nobody: everything waits for a sign-in; no network: everything waits. */
async function whoSends(due: Item[]): Promise<Me | null> {
  try {
    return (await ask<Me>("GET", "me")).data;
  } catch (error) {
    const signedOut = error instanceof Refused && error.status === 401;
    for (const item of due) await settle(item.id, signedOut ? { kind: "sign_in" } : { kind: "again" });
    return null;
  }
}

/** What waits for a report has its number as soon as there is one. */
async function ready(item: Item): Promise<Item> {
  if (!item.after || item.case_no) return item;
  const first = await (await shelf).get<Item>("outbox", item.after);
  if (!first?.case_no) return item;
  return (await change(item.id, (known) => ({ ...known, case_no: first.case_no }))) ?? item;
}

/** Sends one item. "later": its report has no number yet; "lost": no answer came. */
async function send(item: Item): Promise<Outcome | "later" | "lost"> {
  if (item.kind === "command" && !item.case_no) return "later";
  try {
    if (item.state === "stored" && item.kind === "report") return await follow(item);
    const ready = await upload({ ...item, state: "sending" });
    return ready ? await post(ready) : "later";
  } catch (error) {
    if (error instanceof Unreachable) return "lost";
    if (!(error instanceof Refused)) throw error;
    if (error.code === "unknown_attachment" && item.tries < 3) {
      await change(item.id, (known) => ({ ...known, sent: {} }));
      return { kind: "again" };
    }
    if (error.code === "time_in_future") {
      // The phone's clock runs ahead: the server's own then.
      await change(item.id, ({ body: { occurred_at: _, reported_at: __, ...body }, ...known }) => ({ ...known, body }));
      return { kind: "again" };
    }
    if (error.code === "report_id_reused") return await follow(item);
    return meaning(error.status, error.code, error.detail, error.retryAfter);
  }
}

/** The photos, one by one, each remembered when the server has it. Null when the item was taken away meanwhile. */
async function upload(item: Item): Promise<Item | null> {
  let known = await change(item.id, (old) => ({ ...old, state: "sending" }));
  const place = await shelf;
  for (const id of item.photos) {
    if (!known) return null;
    if (known.sent[id]) continue;
    const photo = await place.get<Photo>("photos", id);
    if (!photo) throw new Refused(422, "photo_gone", "");
    const form = new FormData();
    form.append("file", new Blob([photo.data], { type: photo.type }), "photo.jpg");
    const kept = await ask<{ sha256: string }>("POST", "attachments", { form, language: item.language, patience: PHOTO_PATIENCE });
    known = await change(item.id, (old) => ({ ...old, sent: { ...old.sent, [id]: kept.data.sha256 } }));
  }
  return known ?? null;
}

async function post(item: Item): Promise<Outcome> {
  const photos = item.photos.map((id) => item.sent[id]!);
  const body = { ...item.body, ...(photos.length ? { [item.photo_field]: photos } : {}) };
  const wanted: Wanted = { body, language: item.language, id: item.id };
  const path = item.kind === "report" ? "cases" : `cases/${item.case_no}/commands/${item.command}`;
  const said = await ask<CaseView>("POST", path, wanted);
  return said.status === 202 ? { kind: "stored" } : { kind: "done", case_no: said.data.case_no };
}

/** Asks what became of a report that the server has. One that it does not know is sent again. */
async function follow(item: Item): Promise<Outcome> {
  try {
    const said = await ask<CaseView>("GET", `reports/${item.id}`, { language: item.language });
    return said.status === 202 ? { kind: "stored" } : { kind: "done", case_no: said.data.case_no };
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
    await change(item.id, (known) => ({ ...known, state: "waiting" }));
    return { kind: "again" };
  }
}

async function change(id: string, how: (item: Item) => Item): Promise<Item | undefined> {
  const wanted = await (await shelf).change<Item>("outbox", id, how);
  changed();
  return wanted;
}

async function settle(id: string, outcome: Outcome): Promise<void> {
  const settled = await change(id, (item) => next(item, outcome, Date.now()));
  if (settled?.state !== "done") return;
  const place = await shelf;
  for (const photo of settled.photos) await place.remove("photos", photo);
}

/** Whether something is still to be sent by somebody. */
export async function isEmpty(): Promise<boolean> {
  return !(await items()).some(isOpen);
}

/** Forgets what was done a week ago, and photos that belong to nothing any more. */
export async function tidy(drafted: string[]): Promise<void> {
  const place = await shelf;
  const known = await items();
  const now = Date.now();
  for (const item of known) if (!isHere(item) && now - (item.done_at ?? now) > KEEP_DONE) await place.remove("outbox", item.id);
  const used = new Set([...drafted, ...known.filter(isHere).flatMap((item) => item.photos)]);
  for (const photo of await place.all<Photo>("photos"))
    if (!used.has(photo.id) && now - photo.made_at > 3_600_000) await place.remove("photos", photo.id);
}
