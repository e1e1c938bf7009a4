// Who uses the phone. The session itself is a cookie that no script can read; remembered is only who it was.
import { useEffect, useState } from "preact/hooks";
import { ask, Refused } from "./ask";
import { exclusively } from "./outbox";
import { changed, onChange, shelf, type Kept } from "./shelf";
import { language } from "./texts";
import type { Me } from "./types";

interface Known extends Kept {
  me: Me;
}

export interface Session {
  /** Null: nobody has ever signed in here; undefined: not read yet. */
  me: Me | null | undefined;
  /** The server asks for a sign-in; what is done here goes on. */
  expired: boolean;
}

let session: Session = { me: undefined, expired: false };
const watchers = new Set<(session: Session) => void>();

let told: () => void;
/** Resolves once it is known who uses the phone, or that nobody does. */
export const whenKnown = new Promise<void>((done) => (told = done));

function become(next: Partial<Session>): void {
  session = { ...session, ...next };
  if (session.me !== undefined) told();
  watchers.forEach((watcher) => watcher(session));
}

export function who(): Session {
  return session;
}

export function useSession(): Session {
  const [now, setNow] = useState(session);
  useEffect(() => {
    setNow(session);
    watchers.add(setNow);
    return () => void watchers.delete(setNow);
  }, []);
  return now;
}

/** The roles that may report, as the server's rule has them. */
export const REPORTING = new Set(["grid_worker", "volunteer", "reporter", "duty_officer", "supervisor"]);

/** Those of them who work in a grid: they report beyond it too. */
export const LOW = new Set(["grid_worker", "volunteer"]);

export function mayReport(me: Me | null | undefined): boolean {
  return Boolean(me?.roles.some(({ role }) => REPORTING.has(role)));
}

/** The server does not know the session any more. */
export function signedOut(): void {
  if (!session.expired) become({ expired: true });
}

/** Reads who it was, and asks the server meanwhile; where the app itself came without the network, only then. */
export async function openSession(): Promise<void> {
  onChange(() => void follow());
  reading = readKnown();
  if (navigator.serviceWorker?.controller) await reading;
  await Promise.all([reading, recheck()]);
}

/** Until this is done, nobody knows who it was. */
let reading: Promise<void> = Promise.resolve();

async function readKnown(): Promise<void> {
  const known = await (await shelf).get<Known>("kept", "me");
  if (session.me === undefined) become({ me: known?.me ?? (navigator.onLine ? undefined : null) });
}

/** Another tab may have signed in or out. */
async function follow(): Promise<void> {
  const known = await (await shelf).get<Known>("kept", "me");
  if (known && known.me.id !== session.me?.id) become({ me: known.me, expired: false });
}

/** Asks the server who one is. */
export async function recheck(): Promise<void> {
  try {
    const { data } = await ask<Me>("GET", "me", { language });
    await remember(data);
  } catch (error) {
    await reading;
    if (error instanceof Refused && error.status === 401) become({ me: session.me ?? null, expired: true });
    else if (session.me === undefined) become({ me: null });
  }
}

/** Until this is done, what lies on the phone may be somebody else's. */
let cleared: Promise<void> = Promise.resolve();

/** Resolves once what is kept on the phone is of who is signed in now. */
export async function whenOwn(): Promise<void> {
  await cleared;
}

/** Shows who it is at once; what somebody else was shown here is forgotten before any of it is read. */
async function remember(me: Me): Promise<void> {
  const kept = cleared.then(() => keep(me));
  cleared = kept.catch(() => undefined); // whoever waits for it reads; who keeps hears of the fault
  become({ me, expired: false });
  await kept;
}

async function keep(me: Me): Promise<void> {
  const place = await shelf;
  const known = await place.get<Known>("kept", "me");
  if (known && known.me.id !== me.id) await forget();
  await place.put("kept", { id: "me", me } as Known);
}

/** Signs in. Throws Refused (wrong password, too many tries) and Unreachable. */
export async function signIn(username: string, password: string): Promise<void> {
  await exclusively(async () => {
    await ask("POST", "auth/session", { form: new URLSearchParams({ username, password }), language });
    await remember((await ask<Me>("GET", "me", { language })).data);
  });
  changed();
}

/** Signs out, and forgets what this person was shown. What is not sent yet stays, and waits for them. Throws Unreachable. */
export async function signOut(): Promise<void> {
  await exclusively(async () => {
    await ask("DELETE", "auth/session", { language });
    await forget();
  });
  become({ me: null, expired: true });
  changed();
}

/** Forgets the answers and pictures that were kept; drafts stay, each for who wrote it. */
export async function forget(): Promise<void> {
  const place = await shelf;
  for (const { id } of await place.all("kept")) if (!id.startsWith("draft:")) await place.remove("kept", id);
  await place.clear("files");
}
