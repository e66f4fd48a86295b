import type { Kind } from "../../../schemas/index.ts";

/** Each kind's collection, as it stands in addresses. */
export const COLLECTIONS = {
  Server: { path: "servers", one: "server" },
  Firewall: { path: "firewalls", one: "firewall" },
  Plan: { path: "plans", one: "plan" },
  Aggregate: { path: "aggregates", one: "aggregate" },
  SshKey: { path: "keys", one: "key" },
  Port: { path: "ports", one: "port" },
  Snapshot: { path: "snapshots", one: "snapshot" },
} as const satisfies Partial<Record<Kind, object>>;

export type ObjectKind = keyof typeof COLLECTIONS;
