// The last answers of the server, cached on the phone, so that lists and cases also open without a network.
import { useEffect, useState } from "preact/hooks";
import { request, ServerRefusal } from "./request";
import { markSignedOut, whenCleared } from "./session";
import { StorageFull, localStore } from "../store/database";
import { language } from "../words/texts";

export interface Cached<T> {
  id: string;
  value: T;
  /** When it was fetched, milliseconds. */
  at: number;
}

export interface CachedState<T> {
  value?: T;
  at?: number;
  /** Whether the value has just come from the server. */
  fresh: boolean;
  /** Why the last fetch failed: no network, or a refusal. */
  fault?: "away" | ServerRefusal;
}

const cacheKey = (path: string): string => `answer:${language}:${path}`;

export async function readCached<T>(path: string): Promise<Cached<T> | undefined> {
  await whenCleared();
  return (await localStore).get<Cached<T>>("kept", cacheKey(path));
}

/** Fetch from the server and cache the answer; a 401 marks the session as ended. Throws ServerRefusal, Unreachable. */
export async function fetchAndCache<T>(path: string): Promise<T> {
  try {
    const { data } = await request<T>("GET", path, { language });
    await cacheAnswer(path, data);
    return data;
  } catch (error) {
    if (error instanceof ServerRefusal && error.status === 401) markSignedOut();
    throw error;
  }
}

/** Cache an answer of the server for the next time the screen is opened. */
export async function cacheAnswer<T>(path: string, value: T): Promise<void> {
  try {
    await (await localStore).put("kept", { id: cacheKey(path), value, at: Date.now() } as Cached<T>);
  } catch (error) {
    if (!(error instanceof StorageFull)) throw error; // an answer that is not cached does no harm
  }
}

/** The cached answer at once, then the one of the server. `interval`: milliseconds between refreshes. */
export function useCached<T>(path: string | null, interval = 0, trigger: unknown = 0): CachedState<T> {
  const [seen, setSeen] = useState<CachedState<T>>({ fresh: false });
  useEffect(() => {
    if (!path) return;
    let unmounted = false;
    const show = (next: (old: CachedState<T>) => CachedState<T>): void => void (unmounted || setSeen(next));
    const refresh = async (): Promise<void> => {
      try {
        const value = await fetchAndCache<T>(path);
        show(() => ({ value, at: Date.now(), fresh: true }));
      } catch (error) {
        const fault = error instanceof ServerRefusal ? error : "away";
        show((old) => ({ ...old, fresh: false, fault }));
      }
    };
    const start = async (): Promise<void> => {
      const cached = await readCached<T>(path);
      if (cached) show((old) => (old.fresh ? old : { value: cached.value, at: cached.at, fresh: false }));
      await refresh();
    };
    void start();
    const refreshIfVisible = (): void => void (document.visibilityState === "visible" && refresh());
    const timer = interval ? window.setInterval(refreshIfVisible, interval) : 0;
    document.addEventListener("visibilitychange", refreshIfVisible);
    window.addEventListener("online", refreshIfVisible);
    return () => {
      unmounted = true;
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", refreshIfVisible);
      window.removeEventListener("online", refreshIfVisible);
    };
  }, [path, interval, trigger]);
  return seen;
}
