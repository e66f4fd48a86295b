import { createBudget } from "../../resources/budget.ts";
import type { Account, Call } from "../../resources/cloud.ts";
import type { AccountSpec, ServerSpec } from "../../resources/spec.ts";

export function accountSpec(partial: Partial<AccountSpec> = {}): AccountSpec {
  return {
    kind: "Account",
    name: "main",
    formerly: [],
    provider: "linode",
    credentials: {},
    cells: 1,
    budgets: {},
    regions: [],
    deadlines: { createSeconds: 600, settleSeconds: 10 },
    options: {},
    ...partial,
  };
}

export function serverSpec(partial: Partial<ServerSpec> = {}): ServerSpec {
  return {
    kind: "Server",
    name: "web-1",
    formerly: [],
    account: "main",
    provider: "linode",
    hostname: "web-1.example.net",
    size: "small",
    resources: {},
    region: "here",
    labels: { role: "web", tier: "Front End" },
    firewalls: [],
    power: "running",
    restarts: { reboot: 0, reset: 0 },
    rebuild: 0,
    ipv6: false,
    monitoring: false,
    backups: false,
    protect: false,
    deletionPolicy: "delete",
    createOnly: { image: "debian-12", keys: [] },
    options: {},
    ...partial,
  };
}

/** A call without limits to an account at `endpoint`. */
export function testCall(
  endpoint: string,
  partial: { credentials?: Record<string, string>; signal?: AbortSignal; account?: Partial<Account> } = {},
): Call {
  return {
    signal: partial.signal ?? AbortSignal.timeout(20_000),
    priority: "person",
    account: {
      spec: accountSpec(),
      endpoint,
      credentials: partial.credentials ?? { token: "very-secret-token" },
      budget: createBudget({}),
      ...partial.account,
    },
  };
}
