import type { ActualFirewall, ActualPort, ActualServer, ActualSnapshot } from "../../resources/actual.ts";
import type { Call, Cloud } from "../../resources/cloud.ts";
import type { FirewallSpec, PortSpec, ServerSpec, SnapshotSpec, StackObject } from "../../resources/spec.ts";
import { canonicalJson } from "../fleet/canonical.ts";
import type { Controller } from "./context.ts";
import { type FieldDrift, findDrift } from "./find-drift.ts";
import { portDrift } from "./port-drift.ts";
import { ruleDrift } from "./rules.ts";

/** Apart in time so that one stale replica cannot say "gone" twice. */
const SECOND_LOOK_MS = 1_000;

/** What a look at a machine, a firewall, a port or a snapshot tells, against what it should be. */
export interface Sight {
  mark?: string;
  /** A machine can carry several marks. */
  tags: readonly string[];
  drift: FieldDrift[];
  /** The cloud's word for the state of a machine. */
  status?: string;
  /** The cloud is still at work on it. */
  busy?: true;
  /** How far a machine is that is still being made ready. */
  provisioning?: ActualServer["provisioning"];
  /** A port whose machine does not run just now. */
  waits?: true;
  /** The cloud has accepted its removal. */
  leaving?: true;
}

/** Whether the core can look at such an object by itself. What it cannot look at is believed to be as the plugin says. */
export function canLook(
  cloud: Cloud,
  document: StackObject | undefined,
): document is ServerSpec | FirewallSpec | PortSpec | SnapshotSpec {
  if (document?.kind === "Firewall") return cloud.firewalls !== undefined;
  if (document?.kind === "Snapshot") return cloud.snapshots !== undefined;
  return document?.kind === "Server" || (document?.kind === "Port" && cloud.networks !== undefined);
}

/** Two looks, apart in time: "gone" needs the cloud's own word twice. Any fault is thrown, never read as gone. */
export async function lookTwice<Found>(
  look: () => Promise<Found | undefined>,
  { signal }: Pick<Call, "signal">,
  sleep: Controller["sleep"],
): Promise<Found | undefined> {
  const first = await look();
  if (first !== undefined) return first;
  await sleep(SECOND_LOOK_MS, signal);
  return await look();
}

/** Looks at one machine directly. */
export async function lookAtServer(
  cloud: Cloud,
  id: string,
  call: Call,
  sleep: Controller["sleep"],
): Promise<ActualServer | undefined> {
  return await lookTwice(() => cloud.observe(id, call), call, sleep);
}

interface Wanted {
  document: StackObject;
  mark: string;
}

/** Looks at a machine, a firewall, a port or a snapshot directly; undefined when it is gone. */
export async function lookAt(
  cloud: Cloud,
  wanted: Wanted,
  id: string,
  call: Call,
  sleep: Controller["sleep"],
): Promise<Sight | undefined> {
  return await lookTwice(() => glance(cloud, wanted, id, call), call, sleep);
}

/** One look; undefined when the cloud says once that it is gone. */
export async function glance(cloud: Cloud, wanted: Wanted, id: string, call: Call): Promise<Sight | undefined> {
  const { document, mark } = wanted;
  if (!canLook(cloud, document)) return { mark, tags: [], drift: [] };
  if (document.kind === "Server") {
    const actual = await cloud.observe(id, call);
    return actual && sightOfServer(cloud, document, mark, actual);
  }
  if (document.kind === "Snapshot") {
    const actual = await cloud.snapshots?.observe(id, call);
    return actual && sightOfSnapshot(document, actual);
  }
  if (document.kind === "Port") {
    const actual = await cloud.networks?.port(id, call);
    const { machine } = document;
    const running = machine && actual && (await cloud.networks?.runningNamed(machine, call));
    return actual && sightOfPort(document, actual, running);
  }
  const actual = await cloud.firewalls?.observe(id, call);
  return actual && sightOfFirewall(cloud, document, actual);
}

export function sightOfServer(cloud: Cloud, document: ServerSpec, mark: string, actual: ActualServer): Sight {
  const { tags, status } = actual;
  return {
    ...(actual.mark === undefined ? {} : { mark: actual.mark }),
    tags,
    drift: findDrift(cloud.expect(document, mark), actual),
    status,
    ...(actual.power === "changing" ? { busy: true } : {}),
    ...(actual.provisioning === undefined ? {} : { provisioning: actual.provisioning }),
    ...(actual.leaving === undefined ? {} : { leaving: true }),
  };
}

export function sightOfFirewall(cloud: Cloud, document: FirewallSpec, actual: ActualFirewall): Sight {
  const expected = cloud.firewalls?.expect(document);
  const drift = expected === undefined ? [] : ruleDrift(expected, actual);
  return { ...(actual.mark === undefined ? {} : { mark: actual.mark }), tags: [], drift };
}

export function sightOfSnapshot(document: SnapshotSpec, actual: ActualSnapshot): Sight {
  const { mark, status, pending, labels } = actual;
  const isSame = labels === undefined || canonicalJson(labels) === canonicalJson(document.labels);
  return {
    ...(mark === undefined ? {} : { mark }),
    tags: [],
    drift: isSame ? [] : [{ path: "labels", desired: document.labels, actual: labels }],
    status,
    ...(pending ? { busy: true as const } : {}),
  };
}

/** @param running id of its machine, while it runs */
export function sightOfPort(document: PortSpec, actual: ActualPort, running?: string): Sight {
  const drift = portDrift(document, actual, running);
  const waits = document.machine !== undefined && running === undefined;
  return {
    ...(actual.mark === undefined ? {} : { mark: actual.mark }),
    tags: [],
    drift,
    ...(waits ? { waits } : {}),
  };
}
