import type { ActualFirewall, FirewallReader } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { type Firewall, isFirewall } from "./answers.ts";
import { hyperstackList, hyperstackObject } from "./http.ts";
import { FIREWALLS } from "./machines.ts";
import { markInDescription } from "./names.ts";
import { actualRules, actualText, ruleTexts } from "./rules.ts";

export const firewalls: FirewallReader = {
  async list(call) {
    return (await listFirewalls(call)).map(actualFirewall);
  },

  async observe(id, call) {
    const firewall = await readFirewall(id, call);
    return firewall && actualFirewall(firewall);
  },

  expect: (firewall) => actualRules(ruleTexts(firewall)),
};

export function listFirewalls(call: Call): Promise<Firewall[]> {
  return hyperstackList<Firewall>(call, FIREWALLS, "firewalls", isFirewall);
}

export function readFirewall(id: string, call: Call): Promise<Firewall | undefined> {
  return hyperstackObject<Firewall>(call, `${FIREWALLS}/${id}`, "firewall", isFirewall);
}

function actualFirewall(firewall: Firewall): ActualFirewall {
  const mark = markInDescription(firewall.description);
  return {
    id: String(firewall.id),
    name: firewall.name,
    ...(mark === undefined ? {} : { mark }),
    region: firewall.environment.region,
    ...actualRules(firewall.rules.map(actualText)),
  };
}
