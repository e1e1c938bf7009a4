// Drafts: kept on each change, so that a call, a flat battery or a closed tab costs nothing.
import { useEffect, useRef, useState } from "preact/hooks";
import { who } from "./session";
import { Full, shelf, type Kept } from "./shelf";

interface Draft<T> extends Kept {
  value: T;
  photos: string[];
  /** When it was last changed, milliseconds; not known of those that an older version kept. */
  at?: number;
}

/** Each person on a shared phone has drafts of their own. */
const keyOf = (name: string): string => `draft:${who().me?.id ?? ""}:${name}`;

export async function readDraft<T>(name: string): Promise<T | undefined> {
  return (await (await shelf).get<Draft<T>>("kept", keyOf(name)))?.value;
}

export async function dropDraft(name: string): Promise<void> {
  await (await shelf).remove("kept", keyOf(name));
}

/** The person's own drafts by name, the newest first. */
export async function ownDrafts(): Promise<{ name: string; value: unknown; at: number }[]> {
  const own = keyOf("");
  const kept = (await (await shelf).all<Draft<unknown>>("kept")).filter(({ id }) => id.startsWith(own));
  return kept.map(({ id, value, at }) => ({ name: id.slice(own.length), value, at: at ?? 0 })).sort((one, other) => other.at - one.at);
}

/** Keeps a draft under another name. Throws Full. */
export async function renameDraft(name: string, wanted: string): Promise<void> {
  const place = await shelf;
  const draft = await place.get<Draft<unknown>>("kept", keyOf(name));
  if (!draft) return;
  await place.put("kept", { ...draft, id: keyOf(wanted) });
  await place.remove("kept", keyOf(name));
}

/** The photos that some draft uses. */
export async function draftedPhotos(): Promise<string[]> {
  const kept = await (await shelf).all<Draft<unknown>>("kept");
  return kept.filter(({ id }) => id.startsWith("draft:")).flatMap(({ photos }) => photos ?? []);
}

export type Saved = "none" | "saved" | "full";

/** A draft by name; `fresh` makes one where none is. Answers it once it is read, how to change it, and how it is kept. */
export function useDraft<T>(
  name: string,
  fresh: () => T | Promise<T>,
  photos: (value: T) => string[],
): [T | undefined, (change: Partial<T>) => void, Saved] {
  const [value, setValue] = useState<T>();
  const [saved, setSaved] = useState<Saved>("none");
  const now = useRef<T | undefined>(undefined);
  const open = useRef(true);
  useEffect(() => {
    let gone = false;
    open.current = true;
    void (async () => {
      const known = (await readDraft<T>(name)) ?? (await fresh());
      if (gone) return;
      now.current = known;
      setValue(known);
    })();
    return () => {
      gone = true;
      open.current = false;
    };
  }, [name]);
  const change = (part: Partial<T>): void => {
    // What comes late (a position, after the report was sent) must not bring the draft back.
    if (!now.current || !open.current) return;
    const wanted = { ...now.current, ...part };
    now.current = wanted;
    setValue(wanted);
    void (async () => {
      try {
        const draft: Draft<T> = { id: keyOf(name), value: wanted, photos: photos(wanted), at: Date.now() };
        await (await shelf).put("kept", draft);
        setSaved("saved");
      } catch (error) {
        if (!(error instanceof Full)) throw error;
        setSaved("full");
      }
    })();
  };
  return [value, change, saved];
}
