import type { Account, Call, Cloud } from "../../resources/cloud.ts";
import { FleetError } from "../../resources/errors.ts";
import type { AccountSpec, ForgeSpec, NetboxSpec, StackObject } from "../../resources/spec.ts";
import type { Engine } from "../engine/engine.ts";
import type { FleetCache } from "../fleet/load.ts";
import type { ForgeAccess } from "../forge/open.ts";
import type { CommitQueue } from "../repo/queue.ts";
import type { FleetRepo } from "../repo/repo.ts";
import type { Store } from "../store/types.ts";
import type { Progress } from "./progress.ts";
import type { Slots } from "./slots.ts";

/** What every step of a reconcile works with: the parts that live as long as the process. */
export interface Controller {
  repo: FleetRepo;
  store: Store;
  /** The one way to commits that people ask for. */
  commits: CommitQueue;
  clouds: Readonly<Record<string, Cloud>>;
  /** Found, and built where need be, when a step first needs it: a preview without changes never does. */
  engine(): Promise<Engine>;
  /** An account with its credentials, and with the one budget that all its callers share. */
  account(spec: AccountSpec): Account;
  /** Where pull requests are, with the token. @throws {FleetError} CREDENTIAL_MISSING */
  forge(spec: ForgeSpec): ForgeAccess;
  /** Where hosts are documented, with the token. @throws {FleetError} CREDENTIAL_MISSING */
  netbox(spec: NetboxSpec): Account;
  /** Reads anew what operators have sealed and bound, before a commit's accounts are used. Absent where credentials come from elsewhere. */
  renewCredentials?(): Promise<void>;
  /** Parsed files and compiled results of earlier commits. */
  loaded: FleetCache;
  dataDir: string;
  /** Names this process in leases. */
  holder: string;
  /** Names this machine in leases and runs: processes of another one are never looked for here. */
  machine: string;
  /** Whether controllers on other machines may work on this fleet: the database is a server's. */
  shared: boolean;
  /** How long a stack stays with a holder that does not renew. Milliseconds. */
  leaseMs: number;
  environment: Readonly<Record<string, string | undefined>>;
  /** Engine runs side by side. */
  stacksAtOnce: number;
  /** Keeps all work of this process together to that many; a machine's own stack takes no place. */
  slots?: Slots;
  /** `served` in this process, or `executable` as operators run it. */
  provider: "served" | "executable";
  progress: Progress;
  now(): number;
  /** Milliseconds of a clock that nobody sets: see `steadyNow`. Durations are told by it. */
  steady(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** @throws {FleetError} FLEET_INVALID when the registry has no such cloud. */
export function cloudOf(controller: Pick<Controller, "clouds">, provider: string): Cloud {
  const cloud = controller.clouds[provider];
  if (cloud === undefined) throw new FleetError("FLEET_INVALID", `there is no cloud called ${provider}`, { provider });
  return cloud;
}

/** The id that the core knows a machine by, for the one that state has. */
export function cloudId(cloud: Cloud, document: StackObject, resourceId: string): string {
  return document.kind === "Server" ? (cloud.idOf?.(resourceId, document) ?? resourceId) : resourceId;
}

export function callOn(
  controller: Controller,
  spec: AccountSpec,
  signal: AbortSignal,
  priority: Call["priority"] = "person",
): Call {
  return { account: controller.account(spec), signal, priority };
}
