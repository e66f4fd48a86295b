import { type FirewallSpec, type KeySpec, plainName, type ServerSpec } from "../../resources/spec.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import type { CompiledObject } from "./compile.ts";
import type { Context, Tables } from "./context.ts";
import type { EntriesByKind } from "./entries.ts";

type Shared = CompiledObject<FirewallSpec | KeySpec>;

/** The firewalls and keys of each account whose servers use them, under `account/kind/name`. Keys only where the cloud keeps keys. */
export function compileShared(
  servers: Iterable<CompiledObject<ServerSpec>>,
  byKind: EntriesByKind,
  { tables }: Context,
): Map<string, Shared> {
  const shared = new Map<string, Shared>();
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

  for (const { account, provider, region, firewalls, keys } of usedByPlace(servers, tables)) {
    const capabilities = tables.cloud.get(provider)?.capabilities;
    const named = (name: string) => (region === undefined ? { name } : { name: `${name}@${region}`, region });
    if (capabilities?.firewallScope !== "server") {
      for (const name of firewalls) {
        const { kind, rules, inboundPolicy, outboundPolicy, protect } = tables.Firewall.get(name)!;
        const live = { kind, ...named(name), account, provider, rules, inboundPolicy, outboundPolicy };
        add({ ...live, protect }, live);
      }
    }
    if (!capabilities?.keys) continue;
    for (const name of keys) {
      const { publicKey } = tables.SshKey.get(name)!;
      const spec: KeySpec = { kind: "SshKey", ...named(name), account, provider, publicKey };
      add(spec, spec);
    }
  }
  return shared;
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
