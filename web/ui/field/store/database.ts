// The phone's database: the outbox and its photos, drafts, cached answers, pictures of tasks.
// If the browser has no IndexedDB (or a private window), the data is in memory, and the person is warned.
import { openDB, type IDBPDatabase } from "idb";

export type StoreName = "outbox" | "photos" | "kept" | "files";
const STORE_NAMES: StoreName[] = ["outbox", "photos", "kept", "files"];
const DATABASE_NAME = "gridloop";
const OPEN_TIMEOUT = 4_000;

export interface StoredRecord {
  id: string;
}

/** The phone has no space left; nothing was stored. */
export class StorageFull extends Error {}

interface LocalStore {
  durable: boolean;
  get<T extends StoredRecord>(store: StoreName, id: string): Promise<T | undefined>;
  all<T extends StoredRecord>(store: StoreName): Promise<T[]>;
  put<T extends StoredRecord>(store: StoreName, value: T): Promise<void>;
  change<T extends StoredRecord>(store: StoreName, id: string, update: (value: T) => T): Promise<T | undefined>;
  remove(store: StoreName, id: string): Promise<void>;
  clear(store: StoreName): Promise<void>;
}

class IndexedDbStore implements LocalStore {
  durable = true;
  constructor(private database: IDBPDatabase) {}
  async get<T>(store: StoreName, id: string): Promise<T | undefined> {
    return (await this.database.get(store, id)) as T | undefined;
  }
  async all<T>(store: StoreName): Promise<T[]> {
    return (await this.database.getAll(store)) as T[];
  }
  async put<T extends StoredRecord>(store: StoreName, value: T): Promise<void> {
    try {
      const transaction = this.database.transaction(store, "readwrite");
      const stored = transaction.store.put(value);
      // Committed at once where the browser can: a page that closes now would take an open transaction with it.
      transaction.commit?.();
      await Promise.all([stored, transaction.done]);
    } catch (error) {
      throw isQuotaError(error) ? new StorageFull() : error;
    }
  }
  /** Read and write in one transaction; a record that was removed stays removed. */
  async change<T extends StoredRecord>(store: StoreName, id: string, update: (value: T) => T): Promise<T | undefined> {
    const transaction = this.database.transaction(store, "readwrite");
    const stored = (await transaction.store.get(id)) as T | undefined;
    const updated = stored && update(stored);
    if (updated) await transaction.store.put(updated);
    await transaction.done;
    return updated;
  }
  async remove(store: StoreName, id: string): Promise<void> {
    await this.database.delete(store, id);
  }
  async clear(store: StoreName): Promise<void> {
    await this.database.clear(store);
  }
}

class MemoryStore implements LocalStore {
  durable = false;
  private stores = new Map(STORE_NAMES.map((store) => [store, new Map<string, StoredRecord>()]));
  private in(store: StoreName): Map<string, StoredRecord> {
    return this.stores.get(store)!;
  }
  async get<T>(store: StoreName, id: string): Promise<T | undefined> {
    return this.in(store).get(id) as T | undefined;
  }
  async all<T>(store: StoreName): Promise<T[]> {
    return [...this.in(store).values()] as T[];
  }
  async put<T extends StoredRecord>(store: StoreName, value: T): Promise<void> {
    this.in(store).set(value.id, value);
  }
  async change<T extends StoredRecord>(store: StoreName, id: string, update: (value: T) => T): Promise<T | undefined> {
    const stored = this.in(store).get(id) as T | undefined;
    const updated = stored && update(stored);
    if (updated) this.in(store).set(id, updated);
    return updated;
  }
  async remove(store: StoreName, id: string): Promise<void> {
    this.in(store).delete(id);
  }
  async clear(store: StoreName): Promise<void> {
    this.in(store).clear();
  }
}

function isQuotaError(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}

async function openStore(): Promise<LocalStore> {
  try {
    if (typeof indexedDB === "undefined") return new MemoryStore();
    const opening = openDB(DATABASE_NAME, 1, {
      upgrade: (base) => STORE_NAMES.forEach((store) => base.createObjectStore(store, { keyPath: "id" })),
    });
    const timeout = new Promise<null>((done) => setTimeout(() => done(null), OPEN_TIMEOUT));
    const base = await Promise.race([opening, timeout]);
    return base ? new IndexedDbStore(base) : new MemoryStore();
  } catch {
    return new MemoryStore();
  }
}

export const localStore: Promise<LocalStore> = openStore();

// --- change notifications in this tab, in other tabs, and in the service worker ---

const listeners = new Set<() => void>();
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(DATABASE_NAME);
if (channel) channel.onmessage = () => listeners.forEach((listener) => listener());

/** Call `listener` after each change. Returns a function that stops it. */
export function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Notify all listeners of a change. */
export function notifyChange(): void {
  listeners.forEach((listener) => listener());
  channel?.postMessage(1);
}
