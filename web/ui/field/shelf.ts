// What lies on the phone: the outbox and its photos, drafts, the last answers, pictures of tasks.
// Where the browser keeps nothing (no IndexedDB, a private window), it lies in memory, and the person is told.
import { openDB, type IDBPDatabase } from "idb";

export type Store = "outbox" | "photos" | "kept" | "files";
const STORES: Store[] = ["outbox", "photos", "kept", "files"];
const NAME = "gridloop";
const PATIENCE = 4_000;

export interface Kept {
  id: string;
}

/** Thrown when the phone has no room left: nothing was stored. */
export class Full extends Error {}

interface Shelf {
  durable: boolean;
  get<T extends Kept>(store: Store, id: string): Promise<T | undefined>;
  all<T extends Kept>(store: Store): Promise<T[]>;
  put<T extends Kept>(store: Store, value: T): Promise<void>;
  change<T extends Kept>(store: Store, id: string, how: (value: T) => T): Promise<T | undefined>;
  remove(store: Store, id: string): Promise<void>;
  clear(store: Store): Promise<void>;
}

class OnPhone implements Shelf {
  durable = true;
  constructor(private base: IDBPDatabase) {}
  async get<T>(store: Store, id: string): Promise<T | undefined> {
    return (await this.base.get(store, id)) as T | undefined;
  }
  async all<T>(store: Store): Promise<T[]> {
    return (await this.base.getAll(store)) as T[];
  }
  async put<T extends Kept>(store: Store, value: T): Promise<void> {
    try {
      const work = this.base.transaction(store, "readwrite");
      await Promise.all([work.store.put(value), work.done]);
    } catch (error) {
      throw isFull(error) ? new Full() : error;
    }
  }
  /** Reads and writes in one transaction; what is gone meanwhile stays gone. */
  async change<T extends Kept>(store: Store, id: string, how: (value: T) => T): Promise<T | undefined> {
    const work = this.base.transaction(store, "readwrite");
    const known = (await work.store.get(id)) as T | undefined;
    const wanted = known && how(known);
    if (wanted) await work.store.put(wanted);
    await work.done;
    return wanted;
  }
  async remove(store: Store, id: string): Promise<void> {
    await this.base.delete(store, id);
  }
  async clear(store: Store): Promise<void> {
    await this.base.clear(store);
  }
}

class InMemory implements Shelf {
  durable = false;
  private stores = new Map(STORES.map((store) => [store, new Map<string, Kept>()]));
  private in(store: Store): Map<string, Kept> {
    return this.stores.get(store)!;
  }
  async get<T>(store: Store, id: string): Promise<T | undefined> {
    return this.in(store).get(id) as T | undefined;
  }
  async all<T>(store: Store): Promise<T[]> {
    return [...this.in(store).values()] as T[];
  }
  async put<T extends Kept>(store: Store, value: T): Promise<void> {
    this.in(store).set(value.id, value);
  }
  async change<T extends Kept>(store: Store, id: string, how: (value: T) => T): Promise<T | undefined> {
    const known = this.in(store).get(id) as T | undefined;
    const wanted = known && how(known);
    if (wanted) this.in(store).set(id, wanted);
    return wanted;
  }
  async remove(store: Store, id: string): Promise<void> {
    this.in(store).delete(id);
  }
  async clear(store: Store): Promise<void> {
    this.in(store).clear();
  }
}

function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}

async function open(): Promise<Shelf> {
  try {
    if (typeof indexedDB === "undefined") return new InMemory();
    const opening = openDB(NAME, 1, {
      upgrade: (base) => STORES.forEach((store) => base.createObjectStore(store, { keyPath: "id" })),
    });
    const late = new Promise<null>((done) => setTimeout(() => done(null), PATIENCE));
    const base = await Promise.race([opening, late]);
    return base ? new OnPhone(base) : new InMemory();
  } catch {
    return new InMemory();
  }
}

export const shelf: Promise<Shelf> = open();

// --- who looks at it hears of changes, in this tab, in others, and in the service worker ---

const listeners = new Set<() => void>();
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(NAME);
if (channel) channel.onmessage = () => listeners.forEach((listener) => listener());

/** Calls `listener` after each change; answers how to stop that. */
export function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tells everybody that something has changed. */
export function changed(): void {
  listeners.forEach((listener) => listener());
  channel?.postMessage(1);
}
