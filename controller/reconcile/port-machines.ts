import type { ActualPort } from "../../resources/actual.ts";
import type { AppliedObject } from "../store/types.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import { whenFree } from "./leases.ts";
import { inParallel } from "./pool.ts";
import type { Place } from "./read-account.ts";

/**
 * A port can be for a machine that is no server of its account: one that another service launches on the same cloud. Its record has `provisioningSince` while the port waits
 * for a machine of the name to run. Once the machine has it, it waits no more, and what differs then is a hand's; when the machine goes, it waits again.
 */
const machineOf = ({ document }: AppliedObject): string | undefined =>
  document.kind === "Port" ? document.machine : undefined;

/** Ids of those machines of some ports that run now, by their names. */
export async function runningMachines(
  { cloud, call }: Pick<Place, "cloud" | "call">,
  records: readonly AppliedObject[],
): Promise<ReadonlyMap<string, string>> {
  const names = [...new Set(records.flatMap((record) => machineOf(record) ?? []))];
  const found = await inParallel(names, 8, async (name): Promise<[string, string][]> => {
    const id = await cloud.networks?.runningNamed(name, call);
    return id === undefined ? [] : [[name, id]];
  });
  return new Map(found.flat());
}

/** Writes down which ports wait for their machines. Records of a stack that somebody is at work on are theirs to write: the next pass comes to them. */
export async function followMachines(
  { controller, call }: Pick<Place, "controller" | "call">,
  records: readonly AppliedObject[],
  ports: readonly ActualPort[],
  machines: ReadonlyMap<string, string>,
): Promise<void> {
  const holders = new Map(ports.map(({ id, server }) => [id, server]));
  for (const record of records) {
    const machine = machineOf(record);
    if (machine === undefined || record.cloudId === undefined) continue;
    const running = machines.get(machine);
    const waits = record.provisioningSince !== undefined;
    const hasIt = running !== undefined && holders.get(record.cloudId) === running;
    if (waits ? !hasIt : running !== undefined) continue;
    await whenFree(controller, record.stack, call.signal, async () => {
      const now = await controller.store.object(record.account, "Port", record.name);
      if (now === undefined || now.cloudId !== record.cloudId) return;
      const { provisioningSince: _, ...settled } = now;
      const since = { provisioningSince: new Date(controller.now()).toISOString() };
      await controller.store.putObjects([waits ? settled : { ...settled, ...since }]);
    });
  }
}

/** Identities of accounts in which the machine of a waiting port has come to run, each with a word that changes when another one does. */
export async function machinesCome(
  controller: Controller,
  { byIdentity }: Pick<Desired, "byIdentity">,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const waiting = await controller.store.objects({ kind: "Port", provisioning: true });
  const come = new Map<string, string>();
  for (const [identity, records] of Map.groupBy(waiting, ({ account }) => account)) {
    const account = byIdentity.get(identity);
    if (account === undefined || account.spec.retired) continue;
    const cloud = cloudOf(controller, account.spec.provider);
    const machines = await runningMachines({ cloud, call: callOn(controller, account.spec, signal) }, records);
    if (machines.size > 0) come.set(identity, [...machines.values()].sort().join(" "));
  }
  return come;
}
