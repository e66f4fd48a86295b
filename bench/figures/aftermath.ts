import type { ActualServer } from "../../resources/actual.ts";

/** What a kill has left wrong once the next start is done. */
export interface Aftermath {
  /** Machines beyond the first of a mark. */
  duplicates: number;
  /** Machines that no record names. */
  orphans: number;
  /** Servers without a record, or whose machine is not there. */
  lost: number;
}

export function compareWithCloud(
  servers: number,
  machines: ActualServer[],
  records: { cloudId: string | undefined }[],
): Aftermath {
  const ids = new Set(machines.map(({ id }) => id));
  const recorded = new Set(records.flatMap(({ cloudId }) => (cloudId === undefined ? [] : [cloudId])));
  const marks = new Set(machines.map(({ mark, id }) => mark ?? `none ${id}`));
  return {
    duplicates: machines.length - marks.size,
    orphans: machines.filter(({ id }) => !recorded.has(id)).length,
    lost: servers - [...recorded].filter((id) => ids.has(id)).length,
  };
}

/** Calls that look for machines. A create's own look at what it has made is not among those that a recovery adds. */
export function lookUps(calls: Readonly<Record<string, number>>): number {
  return (calls.list ?? 0) + (calls.findByMark ?? 0) + (calls.observe ?? 0);
}
