import type { ServerSpec, SnapshotSpec } from "../../resources/spec.ts";
import type { SnapshotFields } from "../../schemas/types.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import type { CompiledObject } from "./compile.ts";
import type { Context, Result, Tables } from "./context.ts";
import type { Entry } from "./entries.ts";
import { fieldFault } from "./file.ts";
import { unknown } from "./server.ts";
import type { FieldFault } from "./validate.ts";

/** A snapshot on its account. Its server need not be in the fleet any more. */
export function compileSnapshot({ kind: _, ...fields }: SnapshotFields, context: Context): Result<SnapshotSpec> {
  const account = context.find("Account", fields.account);
  if (account === undefined) return broken(unknown(["account"], "Account", fields.account, context));
  const cloud = context.find("cloud", account.provider);
  const title = cloud?.title ?? account.provider;
  const { snapshots } = cloud?.capabilities ?? {};
  if (snapshots === undefined) return broken([fieldFault(["account"], `no snapshots are taken on ${title}`)]);
  if (!snapshots.labels && Object.keys(fields.labels).length > 0)
    return broken([fieldFault(["labels"], `${title} writes no labels on snapshots`)]);
  const spec: SnapshotSpec = { kind: "Snapshot", ...fields, provider: account.provider };
  return { spec, hash: "", createHash: "", faults: [], notes: [] };
}

function broken(faults: FieldFault[]): Result<SnapshotSpec> {
  return { hash: "", createHash: "", faults, notes: [] };
}

/** A snapshot as an object of its account. What it was taken of, and why it is kept, is nothing that could be brought in line. */
export function snapshotObject(spec: SnapshotSpec, { file }: Entry): CompiledObject<SnapshotSpec> {
  const { server: _of, description: _why, protect: _kept, ...live } = spec;
  const hash = sha256(canonicalJson(live));
  return { spec, hash, createHash: hash, path: file.path, blob: file.blob };
}

/** Snapshots of servers that are on another account, or of a kind that the cloud takes none of. */
export function snapshotFaults(
  entries: ReadonlyMap<string, Entry>,
  servers: ReadonlyMap<string, { spec: ServerSpec }>,
  { Snapshot, cloud }: Pick<Tables, "Snapshot" | "cloud">,
): [Entry, FieldFault][] {
  return [...Snapshot.values()].flatMap((snapshot): [Entry, FieldFault][] => {
    const server = servers.get(snapshot.server)?.spec;
    if (server === undefined) return [];
    const problem =
      server.account === snapshot.account
        ? cloud.get(server.provider)?.snapshotProblem?.(server)
        : `the server "${server.name}" is on the account ${server.account}`;
    return problem === undefined ? [] : [[entries.get(snapshot.name)!, fieldFault(["server"], problem)]];
  });
}
