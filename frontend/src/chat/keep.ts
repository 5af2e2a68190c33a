/**
 * What the browser keeps for us: small values in localStorage, unsent entries in IndexedDB. Where
 * either is denied, full or hangs, memory takes its place and the chat goes on.
 */

import type { Entry } from "./types";

const memory = new Map<string, string>();

/** Small values by key; survives denied storage for as long as the page lives. */
export const keep = {
  get(key: string): string | null {
    try {
      return memory.get(key) ?? localStorage.getItem(`relais:${key}`);
    } catch {
      return null;
    }
  },
  set(key: string, value: string | null): void {
    // Only what storage refuses: a copy of the rest would outlive what another tab removed.
    memory.delete(key);
    try {
      if (value === null) localStorage.removeItem(`relais:${key}`);
      else localStorage.setItem(`relais:${key}`, value);
    } catch {
      if (value !== null) memory.set(key, value);
    }
  },
};

/** Where unsent entries wait, oldest first. */
export interface Shelf {
  all(): Promise<Entry[]>;
  add(entry: Entry): Promise<void>;
  remove(id: string): Promise<void>;
}

/** No shelf: the outbox's own memory is all there is, and holds for as long as the page lives. */
export const NO_SHELF: Shelf = {
  all: async () => [],
  async add() {},
  async remove() {},
};

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The database; throws where this browser has none for us, or takes longer than a second. */
function database(): Promise<IDBDatabase> {
  const request = indexedDB.open("relais", 1);
  request.onupgradeneeded = () => {
    const store = request.result.createObjectStore("outbox", { autoIncrement: true });
    store.createIndex("id", "id", { unique: true });
  };
  return Promise.race([done(request), new Promise<never>((_, reject) => setTimeout(reject, 1000))]);
}

/** IndexedDB under an automatic key, so that the order of writing is the order of sending. */
class DatabaseShelf implements Shelf {
  constructor(private db: IDBDatabase) {}

  private async store(): Promise<IDBObjectStore> {
    const begin = (): IDBObjectStore => this.db.transaction("outbox", "readwrite").objectStore("outbox");
    try {
      return begin();
    } catch {
      // The browser ended the connection: in the background, or with the site's data.
      this.db = await database();
      return begin();
    }
  }

  async all(): Promise<Entry[]> {
    return done((await this.store()).getAll() as IDBRequest<Entry[]>);
  }

  async add(entry: Entry): Promise<void> {
    const store = await this.store();
    store.add(entry);
    await new Promise<void>((resolve, reject) => {
      store.transaction.oncomplete = () => resolve();
      store.transaction.onabort = () => reject(store.transaction.error);
    });
  }

  async remove(id: string): Promise<void> {
    const store = await this.store();
    const key = await done(store.index("id").getKey(id));
    if (key !== undefined) await done(store.delete(key));
  }
}

/** The best shelf this browser allows; never fails, and never waits longer than a second. */
export async function openShelf(): Promise<Shelf> {
  try {
    return new DatabaseShelf(await database());
  } catch {
    return NO_SHELF;
  }
}
