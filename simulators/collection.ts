import type { Clock } from "./clock.ts";

/** Values by id and by key, in the order they were added. */
class Index<T extends object> {
  readonly byId = new Map<string, T>();
  #idsByKey = new Map<string, Set<string>>();
  #keysById = new Map<string, readonly string[]>();
  #keysOf: (value: T) => readonly string[];

  constructor(keysOf: (value: T) => readonly string[]) {
    this.#keysOf = keysOf;
  }

  set(id: string, value: T): void {
    this.#forget(id);
    const keys = this.#keysOf(value);
    for (const key of keys) {
      const ids = this.#idsByKey.get(key);
      if (ids) ids.add(id);
      else this.#idsByKey.set(key, new Set([id]));
    }
    this.byId.set(id, value);
    this.#keysById.set(id, keys);
  }

  delete(id: string): boolean {
    this.#forget(id);
    return this.byId.delete(id);
  }

  withKey(key: string): T[] {
    return [...(this.#idsByKey.get(key) ?? [])].map((id) => this.byId.get(id) as T);
  }

  #forget(id: string): void {
    for (const key of this.#keysById.get(id) ?? []) {
      const ids = this.#idsByKey.get(key);
      ids?.delete(id);
      if (ids?.size === 0) this.#idsByKey.delete(key);
    }
    this.#keysById.delete(id);
  }
}

export interface CollectionOptions<T> {
  clock: Clock;
  idOf: (value: T) => string | number;
  /** What the values can be looked up by, such as `tag:web`. */
  keysOf?: (value: T) => readonly string[];
  /** Lists show a change only after this long. Default 0. */
  lagMs?: number | undefined;
}

/**
 * Objects of one kind. `get` and `values` see every change at once; `listed` answers as the cloud's list does, which may lag behind.
 * A value that was changed in place must be reported by `changed`, for the lists and the keys.
 */
export class Collection<T extends object> {
  #actual: Index<T>;
  #listed: Index<T>;
  #clock: Clock;
  #lagMs: number;
  #idOf: (value: T) => string | number;

  constructor({ clock, idOf, keysOf = () => [], lagMs = 0 }: CollectionOptions<T>) {
    this.#actual = new Index(keysOf);
    this.#listed = lagMs > 0 ? new Index(keysOf) : this.#actual;
    this.#clock = clock;
    this.#lagMs = lagMs;
    this.#idOf = idOf;
  }

  get size(): number {
    return this.#actual.byId.size;
  }

  get(id: string | number): T | undefined {
    return this.#actual.byId.get(String(id));
  }

  values(): T[] {
    return [...this.#actual.byId.values()];
  }

  withKey(key: string): T[] {
    return this.#actual.withKey(key);
  }

  listed(): T[] {
    return [...this.#listed.byId.values()];
  }

  listedWithKey(key: string): T[] {
    return this.#listed.withKey(key);
  }

  add(value: T): T {
    this.changed(value);
    return value;
  }

  changed(value: T): void {
    const id = String(this.#idOf(value));
    this.#actual.set(id, value);
    if (this.#lagMs === 0) return;
    const snapshot = structuredClone(value);
    this.#clock.after(this.#lagMs, () => this.#listed.set(id, snapshot));
  }

  delete(id: string | number): boolean {
    const existed = this.#actual.delete(String(id));
    if (existed && this.#lagMs > 0) this.#clock.after(this.#lagMs, () => this.#listed.delete(String(id)));
    return existed;
  }
}
