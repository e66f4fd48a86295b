import type { FirewallSpec, KeySpec, ServerSpec } from "../../resources/spec.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import type { CompiledObject } from "./compile.ts";
import type { Context } from "./context.ts";
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
    const { file } = byKind[spec.kind].get(spec.name)!;
    const hash = sha256(canonicalJson(live));
    shared.set(`${spec.account}/${spec.kind}/${spec.name}`, {
      spec,
      hash,
      createHash: hash,
      path: file.path,
      blob: file.blob,
    });
  };

  for (const [account, { provider, firewalls, keys }] of usedByAccount(servers)) {
    for (const name of firewalls) {
      const { kind, rules, inboundPolicy, outboundPolicy, protect } = tables.Firewall.get(name)!;
      const live = { kind, name, account, provider, rules, inboundPolicy, outboundPolicy };
      add({ ...live, protect }, live);
    }
    if (!tables.cloud.get(provider)?.capabilities.keys) continue;
    for (const name of keys) {
      const spec: KeySpec = { kind: "SshKey", name, account, provider, publicKey: tables.SshKey.get(name)!.publicKey };
      add(spec, spec);
    }
  }
  return shared;
}

function usedByAccount(servers: Iterable<CompiledObject<ServerSpec>>) {
  const used = new Map<string, { provider: string; firewalls: Set<string>; keys: Set<string> }>();
  for (const { spec } of servers) {
    let account = used.get(spec.account);
    if (account === undefined) {
      account = { provider: spec.provider, firewalls: new Set(), keys: new Set() };
      used.set(spec.account, account);
    }
    for (const name of spec.firewalls) account.firewalls.add(name);
    for (const { name } of spec.createOnly.keys) account.keys.add(name);
  }
  return used;
}
