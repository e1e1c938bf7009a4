// Who uses the phone. The session itself is a cookie that no script can read; remembered is only who it was.
import { useEffect, useState } from "preact/hooks";
import { request, ServerRefusal } from "./request";
import { withLock } from "../store/outbox";
import { notifyChange, onChange, localStore, type StoredRecord } from "../store/database";
import { language } from "../words/texts";
import type { Me } from "../types";

interface StoredUser extends StoredRecord {
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

let resolveUserKnown: () => void;
/** Resolves once it is known who uses the phone, or that nobody does. */
export const userKnown = new Promise<void>((done) => (resolveUserKnown = done));

function updateSession(next: Partial<Session>): void {
  session = { ...session, ...next };
  if (session.me !== undefined) resolveUserKnown();
  watchers.forEach((watcher) => watcher(session));
}

export function currentSession(): Session {
  return session;
}

export function useSession(): Session {
  const [current, setCurrent] = useState(session);
  useEffect(() => {
    setCurrent(session);
    watchers.add(setCurrent);
    return () => void watchers.delete(setCurrent);
  }, []);
  return current;
}

/** The roles that may report, as the server's rule has them. */
export const REPORTING_ROLES = new Set(["grid_worker", "volunteer", "reporter", "duty_officer", "supervisor"]);

/** Those of them who work in a grid: they report beyond it too. */
export const GRID_ROLES = new Set(["grid_worker", "volunteer"]);

export function mayReport(me: Me | null | undefined): boolean {
  return Boolean(me?.roles.some(({ role }) => REPORTING_ROLES.has(role)));
}

/** The server does not know the session any more. */
export function markSignedOut(): void {
  if (!session.expired) updateSession({ expired: true });
}

/** Reads who it was, and asks the server meanwhile; where the app itself came without the network, only then. */
export async function openSession(): Promise<void> {
  onChange(() => void followOtherTabs());
  reading = readStoredUser();
  if (navigator.serviceWorker?.controller) await reading;
  await Promise.all([reading, refreshUser()]);
}

/** Until this is done, nobody knows who it was. */
let reading: Promise<void> = Promise.resolve();

async function readStoredUser(): Promise<void> {
  const stored = await (await localStore).get<StoredUser>("kept", "me");
  if (session.me === undefined) updateSession({ me: stored?.me ?? (navigator.onLine ? undefined : null) });
}

/** Another tab may have signed in or out. */
async function followOtherTabs(): Promise<void> {
  const stored = await (await localStore).get<StoredUser>("kept", "me");
  if (stored && stored.me.id !== session.me?.id) updateSession({ me: stored.me, expired: false });
}

/** Asks the server who one is. */
export async function refreshUser(): Promise<void> {
  try {
    const { data } = await request<Me>("GET", "me", { language });
    await setUser(data);
  } catch (error) {
    await reading;
    if (error instanceof ServerRefusal && error.status === 401) updateSession({ me: session.me ?? null, expired: true });
    else if (session.me === undefined) updateSession({ me: null });
  }
}

/** Until this is done, what lies on the phone may be somebody else's. */
let clearing: Promise<void> = Promise.resolve();

/** Resolves once what is kept on the phone is of who is signed in now. */
export async function whenCleared(): Promise<void> {
  await clearing;
}

/** Shows who it is at once; what somebody else was shown here is forgotten before any of it is read. */
async function setUser(me: Me): Promise<void> {
  const stored = clearing.then(() => storeUser(me));
  clearing = stored.catch(() => undefined); // whoever waits for it reads; who keeps hears of the fault
  updateSession({ me, expired: false });
  await stored;
}

async function storeUser(me: Me): Promise<void> {
  const store = await localStore;
  const stored = await store.get<StoredUser>("kept", "me");
  if (stored && stored.me.id !== me.id) await clearCache();
  await store.put("kept", { id: "me", me } as StoredUser);
}

/** Signs in. Throws Refused (wrong password, too many tries) and Unreachable. */
export async function signIn(username: string, password: string): Promise<void> {
  await withLock(async () => {
    await request("POST", "auth/session", { form: new URLSearchParams({ username, password }), language });
    await setUser((await request<Me>("GET", "me", { language })).data);
  });
  notifyChange();
}

/** Signs out, and forgets what this person was shown. What is not sent yet stays, and waits for them. Throws Unreachable. */
export async function signOut(): Promise<void> {
  await withLock(async () => {
    await request("DELETE", "auth/session", { language });
    await clearCache();
  });
  updateSession({ me: null, expired: true });
  notifyChange();
}

/** Forgets the answers and pictures that were kept; drafts stay, each for who wrote it. */
export async function clearCache(): Promise<void> {
  const store = await localStore;
  for (const { id } of await store.all("kept")) if (!id.startsWith("draft:")) await store.remove("kept", id);
  await store.clear("files");
}
