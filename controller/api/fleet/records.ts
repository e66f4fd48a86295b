import { Recent } from "../../people/recent.ts";
import type { RememberedDrift, Sighting, Store } from "../../store/types.ts";

type RecordStore = Pick<Store, "written" | "recordsVersion" | "hashes" | "openDrift" | "sightings">;
type Hashes = Awaited<ReturnType<Store["hashes"]>>;
/** A record without its document. */
export type Recorded = Hashes extends Map<string, infer Row> ? Row & { account: string; name: string } : never;

/** What the store has of all objects at one time. Shared by all requests: nobody changes it. */
export class Records {
  /** By `KIND/ACCOUNT/NAME`, the account by its identity. */
  readonly hashes: Hashes;
  readonly #drift: ReadonlyMap<string, readonly RememberedDrift[]>;
  readonly #seen: ReadonlyMap<string, Sighting>;
  #byName: ReadonlyMap<string, readonly Recorded[]> | undefined;

  constructor(
    hashes: Hashes,
    { drift, seen }: { drift: ReadonlyMap<string, readonly RememberedDrift[]>; seen: ReadonlyMap<string, Sighting> },
  ) {
    this.hashes = hashes;
    this.#drift = drift;
    this.#seen = seen;
  }

  /** Of a server by its name there. */
  server(account: string, name: string): Recorded | undefined {
    const found = this.hashes.get(`Server/${account}/${name}`);
    return found && { ...found, account, name };
  }

  /** Of servers that are called so, on whatever account; one that is on its way from one account to another has two. */
  servers(name: string): readonly Recorded[] {
    this.#byName ??= byName(this.hashes);
    return this.#byName.get(name) ?? [];
  }

  /** Drift of a server that has not ended. */
  drift({ account, identity }: Pick<Recorded, "account" | "identity">): readonly RememberedDrift[] {
    return this.#drift.get(`${account} ${identity}`) ?? [];
  }

  /** As the last pass over its account has seen a machine. */
  seen({ account, cloudId }: Pick<Recorded, "account" | "cloudId">): Sighting | undefined {
    return cloudId === undefined ? undefined : this.#seen.get(`${account} ${cloudId}`);
  }
}

/** What another controller has written is told so much later at most; it is looked for every second, and a database with much to do may take as long to answer. */
const FRESH_MS = 5_000;

/** Records as they were read last, and read anew when something was written: at once what this process writes, soon what others do. */
export class RecordsMemory {
  readonly #store: RecordStore;
  readonly #recent: Recent;
  #written = 0;
  #last:
    | { objects: string; passes: string; records: Records; watched: ConstructorParameters<typeof Records>[1] }
    | undefined;

  /** `steady`: a clock that nobody sets. */
  constructor(store: RecordStore, steady: () => number) {
    this.#store = store;
    this.#recent = new Recent(steady, FRESH_MS);
  }

  get(): Promise<Records> {
    const written = this.#store.written();
    if (written !== this.#written) this.#recent.clear();
    this.#written = written;
    return this.#recent.get("records", () => this.#read());
  }

  async #read(): Promise<Records> {
    const last = this.#last;
    // Before the rows: what is written in between is read then, and read once more after it.
    const { objects, passes } = await this.#store.recordsVersion();
    const areSame = last?.objects === objects;
    if (areSame && last.passes === passes) return last.records;
    const hashes = areSame ? last.records.hashes : await this.#store.hashes();
    const watched = last?.passes === passes ? last.watched : await this.#watched();
    const records = new Records(hashes, watched);
    this.#last = { objects, passes, records, watched };
    return records;
  }

  async #watched() {
    const [drift, seen] = [await this.#store.openDrift(), await this.#store.sightings()];
    const ofServers = drift.filter(({ kind }) => kind === "Server");
    return { drift: Map.groupBy(ofServers, ({ account, identity }) => `${account} ${identity}`), seen };
  }
}

function byName(hashes: Hashes): Map<string, Recorded[]> {
  const found = new Map<string, Recorded[]>();
  for (const [key, row] of hashes) {
    if (!key.startsWith("Server/")) continue;
    const [, account = "", ...rest] = key.split("/");
    const name = rest.join("/");
    found.set(name, [...(found.get(name) ?? []), { ...row, account, name }]);
  }
  for (const rows of found.values()) rows.sort((a, b) => (a.account < b.account ? -1 : 1));
  return found;
}
