import { setTimeout as delay } from "node:timers/promises";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { meaningOf, type PveRequest, pve } from "./http.ts";

const FIRST_MS = 100;
const LONGEST_MS = 2_000;

interface TaskStatus {
  status: string;
  exitstatus?: string;
}

/**
 * Waits until a task has ended well ("OK", or with warnings).
 *
 * @param node used where the UPID does not tell its own
 * @throws {FleetError} with the task's own words: CLOUD_UNAVAILABLE when a lock was in its way, NOT_FOUND when its VM is missing, else
 * CLOUD_REFUSED (with `at.taken` when a VM id is in use); DEADLINE when the call's time is over before the task's.
 */
export async function waitTask(call: Call, node: string, upid: string): Promise<void> {
  const [, owner = node, , , , type = "task"] = upid.split(":");
  const path = `/nodes/${encodeURIComponent(owner)}/tasks/${encodeURIComponent(upid)}/status`;
  for (let pauseMs = FIRST_MS; ; pauseMs = Math.min(LONGEST_MS, pauseMs * 1.5)) {
    const task = await pve<TaskStatus | null>(call, { method: "GET", path });
    if (task?.status === "stopped") return judge(call, type, upid, task.exitstatus ?? "");
    if (task?.status !== "running") {
      throw new FleetError(
        "CLOUD_ANSWER_INVALID",
        `Proxmox VE does not tell the state of the task ${upid}`,
        at(call, upid),
      );
    }
    try {
      await delay(pauseMs, undefined, { signal: call.signal });
    } catch (cause) {
      if (call.signal.reason instanceof FleetError) throw call.signal.reason;
      const message = `Proxmox VE did not finish the task ${type} in time`;
      throw new FleetError("DEADLINE", message, at(call, upid), { cause });
    }
  }
}

function judge(call: Call, type: string, upid: string, exitstatus: string): void {
  if (exitstatus === "OK" || /^WARNINGS: \d+$/.test(exitstatus)) return;
  const { code, nothingDone, taken } = meaningOf(500, exitstatus);
  // A task that began and failed for an unknown reason fails again: it is told, not repeated.
  const told = code === "CLOUD_UNAVAILABLE" && !nothingDone ? "CLOUD_REFUSED" : code;
  const message = `Proxmox VE: the task ${type} failed: ${exitstatus || "without a reason"}`;
  throw new FleetError(told, message, { ...at(call, upid), ...(taken ? { taken: true } : {}) });
}

function at(call: Call, upid: string): Record<string, string> {
  return { cloud: "proxmox", account: call.account.spec.name, task: upid };
}

/** Sends what starts a task, and waits for it. */
export async function runTask(call: Call, node: string, asked: PveRequest): Promise<void> {
  const upid = await pve<unknown>(call, asked);
  // Some changes are done at once and have no task.
  if (upid === null) return;
  if (typeof upid !== "string" || !upid.startsWith("UPID:")) {
    throw new FleetError("CLOUD_ANSWER_INVALID", `Proxmox VE answered ${asked.method} ${asked.path} without a task`, {
      cloud: "proxmox",
      account: call.account.spec.name,
    });
  }
  await waitTask(call, node, upid);
}
