/** Where waiting entries are kept: IndexedDB, else localStorage, else only this page's memory. */
import type { OutboxEntry } from './entries'

export interface OutboxStorage {
  /** True where entries survive a reload. */
  readonly durable: boolean
  /** The entries of one user in the order they are sent. */
  list(userId: string): Promise<OutboxEntry[]>
  put(entry: OutboxEntry): Promise<void>
  /**
   * Change an entry in one step, also against other tabs: null removes it. Resolves with the entry as it was before,
   * null where it was not there.
   */
  change(key: string, change: (entry: OutboxEntry) => OutboxEntry | null): Promise<OutboxEntry | null>
}

const DATABASE = 'tomosift-outbox'
const STORE = 'entries'
const LOCAL_PREFIX = 'tomosift.outbox.'

const inOrder = (entries: OutboxEntry[]): OutboxEntry[] => entries.sort((a, b) => a.sequence - b.sequence)

function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('IndexedDB failed.'))
  })
}

class IndexedDbStorage implements OutboxStorage {
  readonly durable = true

  constructor(private readonly database: IDBDatabase) {
    // Another tab with a newer program must be able to upgrade the database.
    database.onversionchange = () => database.close()
  }

  static async open(): Promise<IndexedDbStorage> {
    const request = indexedDB.open(DATABASE, 1)
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE, { keyPath: 'key' }).createIndex('user', 'userId')
    }
    return new IndexedDbStorage(await settled(request))
  }

  async list(userId: string): Promise<OutboxEntry[]> {
    const store = this.database.transaction(STORE, 'readonly').objectStore(STORE)
    return inOrder((await settled(store.index('user').getAll(userId))) as OutboxEntry[])
  }

  async put(entry: OutboxEntry): Promise<void> {
    await this.write((store) => void store.put(entry))
  }

  async change(key: string, change: (entry: OutboxEntry) => OutboxEntry | null): Promise<OutboxEntry | null> {
    let before: OutboxEntry | null = null
    await this.write((store) => {
      const request = store.get(key)
      request.onsuccess = () => {
        before = (request.result as OutboxEntry | undefined) ?? null
        if (before === null) return
        const after = change(before)
        if (after === null) store.delete(key)
        else if (after !== before) store.put(after)
      }
    })
    return before
  }

  /** Resolves when the transaction is complete, not merely when its requests were accepted. */
  private write(requests: (store: IDBObjectStore) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(STORE, 'readwrite', { durability: 'strict' })
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB refused the change.'))
      transaction.onerror = () => reject(transaction.error ?? new Error('IndexedDB failed.'))
      requests(transaction.objectStore(STORE))
    })
  }
}

class LocalStorage implements OutboxStorage {
  readonly durable = true

  /** Throws where the browser has no localStorage or it is full. */
  static open(): LocalStorage {
    localStorage.setItem(`${LOCAL_PREFIX}probe`, '1')
    localStorage.removeItem(`${LOCAL_PREFIX}probe`)
    return new LocalStorage()
  }

  async list(userId: string): Promise<OutboxEntry[]> {
    const entries: OutboxEntry[] = []
    for (let i = 0; i < localStorage.length; i++) {
      const name = localStorage.key(i)
      const text = name?.startsWith(LOCAL_PREFIX) ? localStorage.getItem(name) : null
      if (text === null) continue
      const entry = JSON.parse(text) as OutboxEntry
      if (entry.userId === userId) entries.push(entry)
    }
    return inOrder(entries)
  }

  async put(entry: OutboxEntry): Promise<void> {
    localStorage.setItem(LOCAL_PREFIX + entry.key, JSON.stringify(entry))
  }

  async change(key: string, change: (entry: OutboxEntry) => OutboxEntry | null): Promise<OutboxEntry | null> {
    const text = localStorage.getItem(LOCAL_PREFIX + key)
    if (text === null) return null
    const before = JSON.parse(text) as OutboxEntry
    const after = change(before)
    if (after === null) localStorage.removeItem(LOCAL_PREFIX + key)
    else localStorage.setItem(LOCAL_PREFIX + key, JSON.stringify(after))
    return before
  }
}

/** Survives nothing; the page says so and asks before it is closed. */
export class MemoryStorage implements OutboxStorage {
  readonly durable = false
  private readonly entries = new Map<string, OutboxEntry>()

  async list(userId: string): Promise<OutboxEntry[]> {
    return inOrder([...this.entries.values()].filter((entry) => entry.userId === userId))
  }

  async put(entry: OutboxEntry): Promise<void> {
    this.entries.set(entry.key, entry)
  }

  async change(key: string, change: (entry: OutboxEntry) => OutboxEntry | null): Promise<OutboxEntry | null> {
    const before = this.entries.get(key) ?? null
    const after = before === null ? null : change(before)
    if (after === null) this.entries.delete(key)
    else this.entries.set(key, after)
    return before
  }
}

/** The best storage this browser gives. */
export async function openStorage(): Promise<OutboxStorage> {
  try {
    return await IndexedDbStorage.open()
  } catch {
    // Private windows of some browsers have no IndexedDB.
  }
  try {
    return LocalStorage.open()
  } catch {
    return new MemoryStorage()
  }
}
