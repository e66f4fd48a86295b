import { canonicalJson, sha256 } from "../../../controller/fleet/canonical.ts";
import { hashServer } from "../../../controller/fleet/server.ts";
import type { DesiredObject, MatchedAccount } from "../../../controller/reconcile/match.ts";
import type { AppliedObject } from "../../../controller/store/types.ts";
import type { AccountSpec, FirewallSpec, ServerSpec } from "../../../resources/spec.ts";

export function serverSpec(name: string, over: Partial<ServerSpec> = {}): ServerSpec {
  return {
    kind: "Server",
    name,
    formerly: [],
    account: "linode-main",
    provider: "linode",
    hostname: name,
    size: "g6-nanode-1",
    resources: {},
    region: "us-east",
    labels: {},
    firewalls: [],
    power: "running",
    restarts: { reboot: 0, reset: 0 },
    rebuild: 0,
    ipv6: false,
    monitoring: false,
    backups: false,
    protect: false,
    deletionPolicy: "delete",
    createOnly: { image: "linode/debian12", keys: [] },
    options: {},
    ...over,
  };
}

export function firewallSpec(name: string, over: Partial<FirewallSpec> = {}): FirewallSpec {
  return {
    kind: "Firewall",
    name,
    account: "linode-main",
    provider: "linode",
    rules: [{ direction: "inbound", action: "accept", protocol: "tcp", ports: "22", addresses: ["0.0.0.0/0"] }],
    inboundPolicy: "drop",
    outboundPolicy: "accept",
    protect: false,
    ...over,
  };
}

export function accountSpec(name: string, over: Partial<AccountSpec> = {}): AccountSpec {
  return {
    kind: "Account",
    name,
    formerly: [],
    provider: "linode",
    credentials: {},
    cells: 1,
    budgets: {},
    regions: [],
    deadlines: { createSeconds: 900, settleSeconds: 30 },
    options: {},
    ...over,
  };
}

export const desiredOf = (spec: ServerSpec | FirewallSpec): DesiredObject => ({
  spec,
  hash: spec.kind === "Server" ? hashServer(spec).hash : sha256(canonicalJson(spec)),
  path: `${spec.name}.yaml`,
});

export function appliedOf(spec: ServerSpec | FirewallSpec, over: Partial<AppliedObject> = {}): AppliedObject {
  return {
    account: spec.account,
    kind: spec.kind,
    name: spec.name,
    identity: spec.name,
    stack: spec.kind === "Server" ? `${spec.account}.0` : `${spec.account}.base`,
    generation: 0,
    mark: `fw-${spec.name}`,
    hash: desiredOf(spec).hash,
    document: spec,
    cloudId: `id-${spec.name}`,
    commit: "c0",
    refresh: false,
    ...over,
  };
}

export function accountsOf(...specs: AccountSpec[]): Map<string, MatchedAccount> {
  return new Map(specs.map((spec) => [spec.name, { identity: spec.name, spec, cells: spec.cells, recorded: true }]));
}
