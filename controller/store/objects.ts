import { type Kysely, type Selectable, sql } from "kysely";
import type { StackObject } from "../../resources/spec.ts";
import { sha256 } from "../fleet/canonical.ts";
import type { Tables } from "./tables.ts";
import type { AppliedObject, Store } from "./types.ts";

/** Rows of one statement: keeps the text of a statement at a few megabytes. */
const BATCH = 2_000;

type Methods = Pick<
  Store,
  | "accounts"
  | "putAccount"
  | "putCells"
  | "removeAccount"
  | "objects"
  | "objectsBeside"
  | "objectsVersion"
  | "hashes"
  | "recordsVersion"
  | "stacks"
  | "object"
  | "putObjects"
  | "moveServers"
  | "removeObjects"
>;

/** All of a record but its document. */
const OUTLINE = [
  "account",
  "kind",
  "identity",
  "name",
  "stack",
  "generation",
  "mark",
  "hash",
  "cloud_id",
  "commit",
  "refresh",
  "provisioning_since",
] as const;

/** What was last applied: accounts and objects. */
export function objectMethods(db: Kysely<Tables>): Methods {
  /** What was read last of all objects: a reconcile reads them several times, and seldom has one been written in between. */
  let last: { version: string; objects: AppliedObject[] } | undefined;
  return {
    async accounts() {
      return await db.selectFrom("account").selectAll().orderBy("name").execute();
    },

    async putAccount({ identity, name, cells }) {
      await db
        .insertInto("account")
        .values({ identity, name, cells })
        .onConflict((conflict) => conflict.column("identity").doUpdateSet({ name }))
        .execute();
    },

    async putCells(identity, cells) {
      await db.updateTable("account").set({ cells }).where("identity", "=", identity).execute();
    },

    async removeAccount(identity) {
      await db.deleteFrom("account").where("identity", "=", identity).execute();
    },

    async objects(filter = {}) {
      let query = db.selectFrom("object").selectAll().orderBy("account").orderBy("kind").orderBy("name");
      if (filter.names !== undefined) query = query.where(sql<boolean>`name = any(${[...filter.names]}::text[])`);
      if (filter.account !== undefined) query = query.where("account", "=", filter.account);
      if (filter.stack !== undefined) query = query.where("stack", "=", filter.stack);
      if (filter.kind !== undefined) query = query.where("kind", "=", filter.kind);
      if (filter.provisioning) query = query.where("provisioning_since", "is not", null);
      return (await query.execute()).map(toObject);
    },

    async objectsBeside(known) {
      // All statements see the same instant: between two, a server that moves could be in neither.
      return await db
        .transaction()
        .setIsolationLevel("repeatable read")
        .execute(async (transaction) => {
          const version = await versionOf(transaction);
          if (last?.version !== version) last = { version, objects: await readBeside(transaction, known) };
          return [...last.objects];
        });
    },

    objectsVersion: () => versionOf(db),

    async hashes() {
      const rows = await db.selectFrom("object").select(OUTLINE).execute();
      return new Map(rows.map(({ account, kind, name, ...row }) => [`${kind}/${account}/${name}`, named(row)]));
    },

    async recordsVersion() {
      const objects = await versionOf(db);
      const rows = await db.selectFrom("inventory_pass").select(["account", "number"]).orderBy("account").execute();
      return { objects, passes: JSON.stringify(rows.map(({ account, number }) => [account, number])) };
    },

    async stacks() {
      const rows = await db.selectFrom("object").select("stack").distinct().execute();
      return rows.map(({ stack }) => stack);
    },

    async object(account, kind, name) {
      const row = await db
        .selectFrom("object")
        .selectAll()
        .where("account", "=", account)
        .where("kind", "=", kind)
        .where("name", "=", name)
        .executeTakeFirst();
      return row && toObject(row);
    },

    async putObjects(objects) {
      // A statement may write a row only once; of two for one key the later is meant.
      const distinct = [...new Map(objects.map((object) => [keyOf(object), object])).values()];
      if (distinct.length === 0) return;
      await db.transaction().execute(async (transaction) => {
        for (let from = 0; from < distinct.length; from += BATCH) {
          await putBatch(transaction, distinct.slice(from, from + BATCH));
        }
      });
    },

    async moveServers(account, identities, stack) {
      if (identities.length === 0) return;
      await sql`
        update object set stack = ${stack}
        where account = ${account} and kind = 'Server' and identity = any(${[...identities]}::text[])`.execute(db);
    },

    async removeObjects(keys) {
      if (keys.length === 0) return;
      await sql`
        delete from object using unnest(
          ${keys.map((key) => key.account)}::text[], ${keys.map((key) => key.kind)}::text[],
          ${keys.map((key) => key.identity)}::text[]) as gone (account, kind, identity)
        where object.account = gone.account and object.kind = gone.kind and object.identity = gone.identity`.execute(
        db,
      );
    },
  };
}

async function putBatch(db: Kysely<Tables>, rows: AppliedObject[]): Promise<void> {
  await sql`
    insert into object (account, kind, identity, name, stack, generation, mark, hash, document, cloud_id, commit, refresh,
      provisioning_since)
    select account, kind, identity, name, stack, generation, mark, hash, document::json, cloud_id, commit, refresh,
      provisioning_since::timestamptz
    from unnest(
      ${rows.map((row) => row.account)}::text[], ${rows.map((row) => row.kind)}::text[],
      ${rows.map((row) => row.identity)}::text[], ${rows.map((row) => row.name)}::text[],
      ${rows.map((row) => row.stack)}::text[], ${rows.map((row) => row.generation)}::integer[],
      ${rows.map((row) => row.mark)}::text[], ${rows.map((row) => row.hash)}::text[],
      ${rows.map((row) => JSON.stringify(row.document))}::text[], ${rows.map((row) => row.cloudId ?? null)}::text[],
      ${rows.map((row) => row.commit)}::text[], ${rows.map((row) => row.refresh)}::boolean[],
      ${rows.map((row) => row.provisioningSince ?? null)}::text[])
      as new (account, kind, identity, name, stack, generation, mark, hash, document, cloud_id, commit, refresh,
        provisioning_since)
    on conflict (account, kind, identity) do update set
      name = excluded.name, stack = excluded.stack, generation = excluded.generation, mark = excluded.mark,
      hash = excluded.hash, document = excluded.document, cloud_id = excluded.cloud_id, commit = excluded.commit,
      refresh = excluded.refresh, provisioning_since = excluded.provisioning_since`.execute(db);
}

type Key = Pick<AppliedObject, "account" | "kind" | "identity">;

/** A version of a row has a place and a transaction that no other version of any row has at the same time. */
async function versionOf(db: Kysely<Tables>): Promise<string> {
  const { rows } = await sql<{ version: string }>`
    select count(*) || ' ' || coalesce(bit_xor(hashtextextended(xmin::text || ctid::text, 0)), 0) as version from object`.execute(
    db,
  );
  return rows[0]!.version;
}

async function readBeside(
  db: Kysely<Tables>,
  known: (record: Pick<AppliedObject, "account" | "kind" | "name">) => StackObject | undefined,
): Promise<AppliedObject[]> {
  const rows = await db
    .selectFrom("object")
    .select(OUTLINE)
    .select(sql<string>`encode(sha256(convert_to(document::text, 'UTF8')), 'hex')`.as("digest"))
    .orderBy("account")
    .orderBy("kind")
    .orderBy("name")
    .execute();
  const found = rows.map(({ digest, ...row }) => {
    const document = known(row);
    return { row, document: document !== undefined && digestOf(document) === digest ? document : undefined };
  });
  const others = found.flatMap(({ row, document }) => (document === undefined ? [row] : []));
  const read = await documentsOf(db, others);
  return found.map(({ row, document }) => toObject({ ...row, document: document ?? read.get(keyOf(row))! }));
}

async function documentsOf(db: Kysely<Tables>, keys: Key[]): Promise<Map<string, StackObject>> {
  if (keys.length === 0) return new Map();
  const { rows } = await sql<Key & { document: StackObject }>`
    select account, kind, identity, document from object join unnest(
      ${keys.map(({ account }) => account)}::text[], ${keys.map(({ kind }) => kind)}::text[],
      ${keys.map(({ identity }) => identity)}::text[]) as wanted (account, kind, identity) using (account, kind, identity)`.execute(
    db,
  );
  return new Map(rows.map((row) => [keyOf(row), row.document]));
}

/** Of documents that live as long as the compiled fleet, which most records are compared with again and again. */
const digests = new WeakMap<StackObject, string>();

/** Of the text that `putObjects` writes. */
function digestOf(document: StackObject): string {
  const known = digests.get(document);
  if (known !== undefined) return known;
  const digest = sha256(JSON.stringify(document));
  digests.set(document, digest);
  return digest;
}

function keyOf(object: Key): string {
  return JSON.stringify([object.account, object.kind, object.identity]);
}

const toObject = (row: Selectable<Tables["object"]>): AppliedObject => named(row);

function named<Row extends Pick<Selectable<Tables["object"]>, "cloud_id" | "provisioning_since">>({
  cloud_id,
  provisioning_since,
  ...row
}: Row) {
  return {
    ...row,
    ...(cloud_id === null ? {} : { cloudId: cloud_id }),
    ...(provisioning_since === null ? {} : { provisioningSince: provisioning_since.toISOString() }),
  };
}
