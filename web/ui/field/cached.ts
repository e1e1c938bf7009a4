// The last answers of the server, kept on the phone: what was listed opens without a network too.
import { useEffect, useState } from "preact/hooks";
import { ask, Refused } from "./ask";
import { signedOut, whenOwn } from "./session";
import { Full, shelf } from "./shelf";
import { language } from "./texts";

export interface Cached<T> {
  id: string;
  value: T;
  /** When it was asked, milliseconds. */
  at: number;
}

export interface Seen<T> {
  value?: T;
  at?: number;
  /** It is what the server said just now. */
  fresh: boolean;
  /** Asked, and no answer to show: away, or refused with its reason. */
  fault?: "away" | Refused;
}

const key = (path: string): string => `answer:${language}:${path}`;

export async function last<T>(path: string): Promise<Cached<T> | undefined> {
  await whenOwn();
  return (await shelf).get<Cached<T>>("kept", key(path));
}

/** Asks the server and keeps the answer; the session's end is noticed. Throws Refused, Unreachable. */
export async function fetched<T>(path: string): Promise<T> {
  try {
    const { data } = await ask<T>("GET", path, { language });
    await remember(path, data);
    return data;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) signedOut();
    throw error;
  }
}

/** Keeps what the server has answered, for the next time the screen is opened. */
export async function remember<T>(path: string, value: T): Promise<void> {
  try {
    await (await shelf).put("kept", { id: key(path), value, at: Date.now() } as Cached<T>);
  } catch (error) {
    if (!(error instanceof Full)) throw error; // an answer not kept costs nobody anything
  }
}

/** The last known answer at once, then the server's own. `every`: asks again, milliseconds. */
export function useCached<T>(path: string | null, every = 0, trigger: unknown = 0): Seen<T> {
  const [seen, setSeen] = useState<Seen<T>>({ fresh: false });
  useEffect(() => {
    if (!path) return;
    let gone = false;
    const show = (next: (old: Seen<T>) => Seen<T>): void => void (gone || setSeen(next));
    const refresh = async (): Promise<void> => {
      try {
        const value = await fetched<T>(path);
        show(() => ({ value, at: Date.now(), fresh: true }));
      } catch (error) {
        const fault = error instanceof Refused ? error : "away";
        show((old) => ({ ...old, fresh: false, fault }));
      }
    };
    const start = async (): Promise<void> => {
      const known = await last<T>(path);
      if (known) show((old) => (old.fresh ? old : { value: known.value, at: known.at, fresh: false }));
      await refresh();
    };
    void start();
    const again = (): void => void (document.visibilityState === "visible" && refresh());
    const timer = every ? window.setInterval(again, every) : 0;
    document.addEventListener("visibilitychange", again);
    window.addEventListener("online", again);
    return () => {
      gone = true;
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", again);
      window.removeEventListener("online", again);
    };
  }, [path, every, trigger]);
  return seen;
}
