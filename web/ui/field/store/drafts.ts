// Drafts, saved on each change, so that a call, a flat battery or a closed tab loses nothing.
import { useEffect, useRef, useState } from "preact/hooks";
import { currentSession } from "../server/session";
import { StorageFull, localStore, type StoredRecord } from "./database";

interface Draft<T> extends StoredRecord {
  value: T;
  photos: string[];
  /** When it was last changed, milliseconds; missing in drafts of an older version. */
  at?: number;
}

/** The key of a draft: each person on a shared phone has their own drafts. */
const draftKey = (name: string): string => `draft:${currentSession().me?.id ?? ""}:${name}`;

export async function readDraft<T>(name: string): Promise<T | undefined> {
  return (await (await localStore).get<Draft<T>>("kept", draftKey(name)))?.value;
}

export async function dropDraft(name: string): Promise<void> {
  await (await localStore).remove("kept", draftKey(name));
}

/** The person's own drafts by name, the newest first. */
export async function ownDrafts(): Promise<{ name: string; value: unknown; at: number }[]> {
  const prefix = draftKey("");
  const kept = (await (await localStore).all<Draft<unknown>>("kept")).filter(({ id }) => id.startsWith(prefix));
  return kept.map(({ id, value, at }) => ({ name: id.slice(prefix.length), value, at: at ?? 0 })).sort((one, other) => other.at - one.at);
}

/** Rename a draft. Throws StorageFull. */
export async function renameDraft(name: string, newName: string): Promise<void> {
  const store = await localStore;
  const draft = await store.get<Draft<unknown>>("kept", draftKey(name));
  if (!draft) return;
  await store.put("kept", { ...draft, id: draftKey(newName) });
  await store.remove("kept", draftKey(name));
}

/** The ids of all photos in drafts. */
export async function draftedPhotos(): Promise<string[]> {
  const kept = await (await localStore).all<Draft<unknown>>("kept");
  return kept.filter(({ id }) => id.startsWith("draft:")).flatMap(({ photos }) => photos ?? []);
}

/** "none": nothing was changed; "saving": the newest change is not stored yet; "saved": it is; else why it could not be. */
export type SaveState = "none" | "saving" | "saved" | "full" | "failed";

/** A draft by name; `makeDraft` makes one if there is none. Returns the draft once it is read, a setter, and its state. */
export function useDraft<T>(
  name: string,
  makeDraft: () => T | Promise<T>,
  photos: (value: T) => string[],
): [T | undefined, (change: Partial<T>) => void, SaveState] {
  const [value, setValue] = useState<T>();
  const [saved, setSaved] = useState<SaveState>("none");
  const current = useRef<T | undefined>(undefined);
  const mounted = useRef(true);
  useEffect(() => {
    let gone = false;
    mounted.current = true;
    void (async () => {
      const initial = (await readDraft<T>(name)) ?? (await makeDraft());
      if (gone) return;
      current.current = initial;
      setValue(initial);
    })();
    return () => {
      gone = true;
      mounted.current = false;
    };
  }, [name]);
  const change = (part: Partial<T>): void => {
    // A late change (a location that arrives after the report was sent) must not bring the draft back.
    if (!current.current || !mounted.current) return;
    const changed = { ...current.current, ...part };
    current.current = changed;
    setValue(changed);
    setSaved("saving");
    // The state is that of the newest change: an earlier one that arrives says nothing about it.
    const tell = (state: SaveState): void => void (current.current === changed && setSaved(state));
    // Nothing waits for a pause in the typing: a page that is hidden or closed has handed over its newest change already.
    void (async () => {
      try {
        const draft: Draft<T> = { id: draftKey(name), value: changed, photos: photos(changed), at: Date.now() };
        await (await localStore).put("kept", draft);
        tell("saved");
      } catch (error) {
        tell(error instanceof StorageFull ? "full" : "failed");
        if (!(error instanceof StorageFull)) throw error;
      }
    })();
  };
  return [value, change, saved];
}
