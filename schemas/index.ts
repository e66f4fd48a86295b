import account from "./account.schema.json" with { type: "json" };
import aggregate from "./aggregate.schema.json" with { type: "json" };
import firewall from "./firewall.schema.json" with { type: "json" };
import fleet from "./fleet.schema.json" with { type: "json" };
import plan from "./plan.schema.json" with { type: "json" };
import port from "./port.schema.json" with { type: "json" };
import server from "./server.schema.json" with { type: "json" };
import snapshot from "./snapshot.schema.json" with { type: "json" };
import sshkey from "./sshkey.schema.json" with { type: "json" };

/** Every kind of fleet file: its JSON Schema, the schema's file name and where its files live (`fleet.yaml` or a folder). */
export const KINDS = {
  Fleet: { schema: fleet, schemaFile: "fleet.schema.json", place: "fleet.yaml" },
  Account: { schema: account, schemaFile: "account.schema.json", place: "accounts/" },
  Plan: { schema: plan, schemaFile: "plan.schema.json", place: "plans/" },
  Server: { schema: server, schemaFile: "server.schema.json", place: "servers/" },
  Firewall: { schema: firewall, schemaFile: "firewall.schema.json", place: "firewalls/" },
  SshKey: { schema: sshkey, schemaFile: "sshkey.schema.json", place: "keys/" },
  Aggregate: { schema: aggregate, schemaFile: "aggregate.schema.json", place: "aggregates/" },
  Port: { schema: port, schemaFile: "port.schema.json", place: "ports/" },
  Snapshot: { schema: snapshot, schemaFile: "snapshot.schema.json", place: "snapshots/" },
} as const;

export type Kind = keyof typeof KINDS;

export const KIND_NAMES = Object.keys(KINDS) as Kind[];

/** Folder of the schemas inside a fleet repository, where `fleetwright init` writes them for editors. */
export const SCHEMA_FOLDER = ".fleetwright/schemas";

/**
 * The comment line that lets editors complete and check a file, with a path relative to the file: `path` is the file's place in the fleet
 * repository, `servers/eu/web-1.yaml`. Compile ignores the line.
 */
export function schemaLine(kind: Kind, path: string): string {
  const up = "../".repeat(path.split("/").length - 1);
  return `# yaml-language-server: $schema=${up}${SCHEMA_FOLDER}/${KINDS[kind].schemaFile}`;
}
