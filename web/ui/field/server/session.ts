// The person who uses the phone. The session itself is a cookie that no script can read; only the person is stored.
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
  /** Null: nobody has signed in here; undefined: not read yet. */
  me: Me | null | undefined;
  /** The server requires a sign-in; work on the phone continues. */
  expired: boolean;
}

let session: Session = { me: undefined, expired: false };
const watchers = new Set<(session: Session) => void>();

let resolveUserKnown: () => void;
/** Resolves once it is known who uses the phone, or that nobody is signed in. */
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

/** The roles that may report, as in the server's rule. */
export const REPORTING_ROLES = new Set(["grid_worker", "volunteer", "reporter", "duty_officer", "supervisor"]);

/** The reporting roles that work in a grid; they may also report outside it. */
export const GRID_ROLES = new Set(["grid_worker", "volunteer"]);

export function mayReport(me: Me | null | undefined): boolean {
  return Boolean(me?.roles.some(({ role }) => REPORTING_ROLES.has(role)));
}

/** Mark the session as ended on the server. */
export function markSignedOut(): void {
  if (!session.expired) updateSession({ expired: true });
}

/** Read the stored person and ask the server at the same time; if the service worker serves the app, read first. */
export async function openSession(): Promise<void> {
  onChange(() => void followOtherTabs());
  reading = readStoredUser();
  if (navigator.serviceWorker?.controller) await reading;
  await Promise.all([reading, refreshUser()]);
}

/** Pending while the stored person is being read. */
let reading: Promise<void> = Promise.resolve();

async function readStoredUser(): Promise<void> {
  const stored = await (await localStore).get<StoredUser>("kept", "me");
  if (session.me === undefined) updateSession({ me: stored?.me ?? (navigator.onLine ? undefined : null) });
}

/** Take over a sign-in of another tab. */
async function followOtherTabs(): Promise<void> {
  const stored = await (await localStore).get<StoredUser>("kept", "me");
  if (stored && stored.me.id !== session.me?.id) updateSession({ me: stored.me, expired: false });
}

/** Read the signed-in person from the server. */
export async function refreshUser(): Promise<void> {
  try {
    const { data } = await request<Me>("GET", "me", { language });
    await setUser(data);
  } catch (error) {
    await reading;
    if (leadToWhatComesFirst(error)) return;
    if (error instanceof ServerRefusal && error.status === 401) updateSession({ me: session.me ?? null, expired: true });
    else if (session.me === undefined) updateSession({ me: null });
  }
}

/** Where something is done before anything else is allowed, by the code of the refusal. The page leads back here. */
const FIRST_DONE_AT: Record<string, string> = {
  password_change_required: "/settings/password",
  second_factor_enrolment_required: "/settings/second-factor",
};

function leadToWhatComesFirst(error: unknown): boolean {
  const place = error instanceof ServerRefusal ? FIRST_DONE_AT[error.code] : undefined;
  if (place) location.assign(`${place}?next=${encodeURIComponent(location.pathname)}`);
  return place !== undefined;
}

/** Pending while cached data of another person may still be on the phone. */
let clearing: Promise<void> = Promise.resolve();

/** Resolves once the phone has no cached data of another person. */
export async function whenCleared(): Promise<void> {
  await clearing;
}

/** Show the person at once; cached data of another person is cleared before anything is read from it. */
async function setUser(me: Me): Promise<void> {
  const stored = clearing.then(() => storeUser(me));
  clearing = stored.catch(() => undefined); // readers only wait; the failure goes to the caller below
  updateSession({ me, expired: false });
  await stored;
}

async function storeUser(me: Me): Promise<void> {
  const store = await localStore;
  const stored = await store.get<StoredUser>("kept", "me");
  if (stored && stored.me.id !== me.id) await clearCache();
  await store.put("kept", { id: "me", me } as StoredUser);
}

/** Sign in. Throws ServerRefusal (wrong password, too many attempts) and Unreachable. */
export async function signIn(username: string, password: string, otp = ""): Promise<void> {
  await withLock(async () => {
    await request("POST", "auth/session", { form: new URLSearchParams(otp ? { username, password, otp } : { username, password }), language });
    try {
      await setUser((await request<Me>("GET", "me", { language })).data);
    } catch (error) {
      if (!leadToWhatComesFirst(error)) throw error;
    }
  });
  notifyChange();
}

/** Sign out, and clear the cache. Unsent items stay, and wait for their owner. Throws Unreachable. */
export async function signOut(): Promise<void> {
  await withLock(async () => {
    await request("DELETE", "auth/session", { language });
    await clearCache();
  });
  updateSession({ me: null, expired: true });
  notifyChange();
}

/** Remove cached answers and pictures; drafts stay, each for its author. */
export async function clearCache(): Promise<void> {
  const store = await localStore;
  for (const { id } of await store.all("kept")) if (!id.startsWith("draft:")) await store.remove("kept", id);
  await store.clear("files");
}
