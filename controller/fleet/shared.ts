import {
  type FirewallSpec,
  type KeySpec,
  type PortSpec,
  plainName,
  type ServerSpec,
  type SnapshotSpec,
} from "../../resources/spec.ts";
import type { FirewallFields } from "../../schemas/types.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import type { CompiledObject } from "./compile.ts";
import type { Context, Tables } from "./context.ts";
import type { EntriesByKind, Entry } from "./entries.ts";
import { fieldFault } from "./file.ts";
import { firewallPath } from "./firewall.ts";
import { portObject } from "./port.ts";
import { snapshotFaults, snapshotObject } from "./taken.ts";
import type { FieldFault } from "./validate.ts";

type Shared = CompiledObject<FirewallSpec | KeySpec | PortSpec | SnapshotSpec>;

export interface SharedObjects {
  /** Under `account/kind/name`. */
  shared: Map<string, Shared>;
  /** What the clouds that use a firewall cannot express of it, in the firewall's file; and snapshots that cannot be of their servers. */
  faults: [Entry, FieldFault][];
}

/** The firewalls and keys of each account whose servers use them, and all ports and snapshots. Keys only where the cloud keeps keys. */
export function compileShared(
  servers: ReadonlyMap<string, CompiledObject<ServerSpec>>,
  byKind: EntriesByKind,
  { tables }: Context,
): SharedObjects {
  const shared = new Map<string, Shared>();
  const uses = new Map<string, FirewallUse>();
  const add = (spec: FirewallSpec | KeySpec, live: object) => {
    const { file } = byKind[spec.kind].get(plainName(spec.name))!;
    const hash = sha256(canonicalJson(live));
    shared.set(`${spec.account}/${spec.kind}/${spec.name}`, {
      spec,
      hash,
      createHash: hash,
      path: file.path,
      blob: file.blob,
    });
  };

  for (const { account, provider, region, firewalls, keys } of usedByPlace(servers.values(), tables)) {
    const capabilities = tables.cloud.get(provider)?.capabilities;
    const named = (name: string) => (region === undefined ? { name } : { name: `${name}@${region}`, region });
    for (const name of firewalls) {
      const firewall = tables.Firewall.get(name);
      // A server may name one whose own file is wrong: that is told there.
      if (firewall === undefined) continue;
      noteUse(uses, firewall.name, provider, account);
      if (capabilities?.firewallScope === "server") continue;
      const { kind, rules, inboundPolicy, outboundPolicy, protect } = firewall;
      const live = { kind, ...named(name), account, provider, rules, inboundPolicy, outboundPolicy };
      add({ ...live, protect }, live);
    }
    if (!capabilities?.keys) continue;
    for (const name of keys) {
      const { publicKey } = tables.SshKey.get(name)!;
      const spec: KeySpec = { kind: "SshKey", ...named(name), account, provider, publicKey };
      add(spec, spec);
    }
  }
  for (const [name, spec] of tables.Port)
    shared.set(`${spec.account}/Port/${name}`, portObject(spec, byKind.Port.get(name)!));
  for (const [name, spec] of tables.Snapshot)
    shared.set(`${spec.account}/Snapshot/${name}`, snapshotObject(spec, byKind.Snapshot.get(name)!));
  const faults = [...firewallFaults(uses, byKind, tables), ...snapshotFaults(byKind.Snapshot, servers, tables)];
  return { shared, faults };
}

/** One firewall on one cloud. */
interface FirewallUse {
  name: string;
  provider: string;
  accounts: Set<string>;
}

function noteUse(uses: Map<string, FirewallUse>, name: string, provider: string, account: string): void {
  const key = `${provider}/${name}`;
  const use = uses.get(key) ?? { name, provider, accounts: new Set() };
  uses.set(key, use);
  use.accounts.add(account);
}

/** Once per cloud, however many of its accounts use the firewall. */
function firewallFaults(
  uses: ReadonlyMap<string, FirewallUse>,
  byKind: EntriesByKind,
  { Firewall, cloud }: Tables,
): SharedObjects["faults"] {
  return [...uses.values()].flatMap(({ name, provider, accounts }) => {
    const rules = cloud.get(provider);
    const { protect: _, ...text } = Firewall.get(name)!;
    const entry = byKind.Firewall.get(name)!;
    const fields = entry.parsed.fields as FirewallFields;
    const who = `${[...accounts].sort().join(", ")} (${rules?.title})`;
    return (rules?.firewallProblems?.(text) ?? []).map(({ path, message }): [Entry, FieldFault] => [
      entry,
      fieldFault(firewallPath(fields, path), `${who}: ${message}`),
    ]);
  });
}

interface Place {
  account: string;
  provider: string;
  /** Where the cloud has firewalls and keys per region. */
  region?: string;
  firewalls: Set<string>;
  keys: Set<string>;
}

function usedByPlace(servers: Iterable<CompiledObject<ServerSpec>>, { cloud }: Tables): Iterable<Place> {
  const used = new Map<string, Place>();
  for (const { spec } of servers) {
    const { account, provider } = spec;
    const region = cloud.get(provider)?.capabilities.sharedPerRegion ? { region: spec.region } : {};
    const key = JSON.stringify([account, region.region]);
    let place = used.get(key);
    if (place === undefined) {
      place = { account, provider, ...region, firewalls: new Set(), keys: new Set() };
      used.set(key, place);
    }
    for (const name of spec.firewalls) place.firewalls.add(name);
    for (const { name } of spec.createOnly.keys) place.keys.add(name);
  }
  return used.values();
}
