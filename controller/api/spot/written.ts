import type { Launching } from "../../../resources/cloud.ts";
import { cloudOf } from "../../reconcile/context.ts";
import { quoted } from "../../reconcile/hosts.ts";
import type { Effect } from "../../reconcile/types.ts";
import type { SpotApi } from "./api.ts";

/** Of a port that was made or given another machine, and of a server that was plugged into one or out of it. */
export function portCommands({ object: { kind, name }, op, changes }: Effect): string[] {
  if (kind === "Port" && op === "create")
    return [`openstack port create --network ${quoted(String(changed(changes, "network")?.after))} ${quoted(name)}`];
  const machine = kind === "Port" ? changed(changes, "machine") : undefined;
  if (machine !== undefined)
    return [
      ...(machine.before === undefined
        ? []
        : [`openstack server remove port ${quoted(String(machine.before))} ${quoted(name)}`]),
      ...(machine.after === undefined
        ? []
        : [`openstack server add port ${quoted(String(machine.after))} ${quoted(name)}`]),
    ];
  if (kind !== "Server") return [];
  const ports = changed(changes, "ports");
  const { come, gone } = between(ports?.before, ports?.after);
  return [
    ...come.map((port) => `openstack server add port ${quoted(name)} ${quoted(port)}`),
    ...gone.map((port) => `openstack server remove port ${quoted(name)} ${quoted(port)}`),
  ];
}

/** Of a machine that was launched, with its key masked. */
export function launchCommands({ object, op, changes }: Effect, api: SpotApi): string[] {
  if (object.kind !== "Server" || op !== "create") return [];
  const told = (path: string) => String(changed(changes, path)?.after ?? "");
  const { spec, launching } = launchingOf(api, object.account) ?? {};
  if (launching === undefined || spec === undefined) return [];
  const [key = ""] = textsIn(changed(changes, "keys")?.after);
  const environment = told("options.environment") || launching.environment(spec.options, told("region"));
  const machine = { name: told("hostname"), environment, flavor: told("size"), image: told("image"), key };
  return [launching.commands(machine).masked];
}

/** Of a machine that has other firewalls, by the ids that they have now. */
export async function firewallCommands({ object, changes }: Effect, api: SpotApi): Promise<string[]> {
  const firewalls = changed(changes, "firewalls");
  const { launching, identity } = launchingOf(api, object.account) ?? {};
  if (object.kind !== "Server" || firewalls === undefined || launching === undefined || identity === undefined)
    return [];
  const { store } = api.controller;
  const [server] = await store.objects({ account: identity, kind: "Server", names: [object.name] });
  const known = await store.objects({ account: identity, kind: "Firewall" });
  const ids = textsIn(firewalls.after).flatMap((name) => {
    const found = known.find((one) => one.name === name || one.name.startsWith(`${name}@`));
    return found?.cloudId === undefined ? [] : [found.cloudId];
  });
  return [launching.attach(server?.cloudId ?? object.name, ids)];
}

function launchingOf({ controller, desired }: SpotApi, name: string) {
  const account = desired.accounts.get(name);
  if (account === undefined) return undefined;
  const launching: Launching | undefined = cloudOf(controller, account.spec.provider).launching;
  return { spec: account.spec, identity: account.identity, launching };
}

const changed = (changes: Effect["changes"], path: string) => changes.find((change) => change.path === path);

const textsIn = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

function between(before: unknown, after: unknown): { come: string[]; gone: string[] } {
  const [from, to] = [textsIn(before), textsIn(after)];
  return { come: to.filter((one) => !from.includes(one)), gone: from.filter((one) => !to.includes(one)) };
}
