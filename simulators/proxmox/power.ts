import type { Cluster, Vm } from "./cluster.ts";
import { died } from "./errors.ts";
import { parseProperties } from "./formats.ts";
import { applyPending, checkLock } from "./options.ts";
import type { Parameters } from "./parameters.ts";
import { cpusOf } from "./summary.ts";

export const POWER_ACTIONS = ["start", "stop", "shutdown", "reboot", "reset", "suspend", "resume"] as const;
type PveAction = (typeof POWER_ACTIONS)[number];

const TASK_TYPES: Readonly<Record<PveAction, string>> = {
  start: "qmstart",
  stop: "qmstop",
  shutdown: "qmshutdown",
  reboot: "qmreboot",
  reset: "qmreset",
  suspend: "qmpause",
  resume: "qmresume",
};

/** `POST /nodes/{node}/qemu/{vmid}/status/{action}`. What the API checks before it forks answers at once, the rest fails the task. */
export function act(
  cluster: Cluster,
  user: string,
  node: string,
  vmid: number,
  action: PveAction,
  given: Parameters,
): string {
  const vm = cluster.vm(node, vmid);
  refuseEarly(vm, action, given);
  const type = action === "suspend" && given.todisk === "1" ? "qmsuspend" : TASK_TYPES[action];
  return cluster.tasks.start(node, type, String(vmid), user, (worker) =>
    cluster.locks.hold(vmid, cluster.timing.cloneMs, false, async () => {
      const current = cluster.vm(node, vmid);
      if (action === "start") checkStart(cluster, current);
      else checkLockUnlessSuspended(current);
      await worker.sleep(cluster.timing.actionMs);
      perform(cluster, cluster.vm(node, vmid), action, given);
    }),
  );
}

function refuseEarly(vm: Vm, action: PveAction, given: Parameters): void {
  const needsRunning = action === "reboot" || action === "reset" || action === "suspend";
  if (action === "reboot" && vm.power === "paused") throw died("VM is paused - cannot shutdown");
  if (action === "shutdown" && vm.power === "paused" && given.forceStop !== "1") {
    throw died("VM is paused - cannot shutdown");
  }
  const suspended = vm.config.lock === "suspended";
  if (vm.power === "stopped" && (needsRunning || (action === "resume" && !suspended))) {
    throw died(`VM ${vm.vmid} not running`);
  }
}

function checkLockUnlessSuspended(vm: Vm): void {
  if (vm.config.lock !== "suspended") checkLock(vm);
}

function checkStart(cluster: Cluster, vm: Vm): void {
  if (vm.config.template === "1") throw died("you can't start a vm if it's a template");
  checkLockUnlessSuspended(vm);
  if (vm.power !== "stopped") throw died(`VM ${vm.vmid} already running`);
  const node = cluster.node(vm.node);
  if (cpusOf(vm.config) > node.cpus) throw died(`MAX ${node.cpus} vcpus allowed per VM on this node`);
  for (const [option, value] of Object.entries(vm.config)) {
    const bridge = /^net\d+$/.test(option) ? parseProperties(value, "model").get("bridge") : undefined;
    if (bridge && !node.bridges.includes(bridge)) throw died(`bridge '${bridge}' does not exist`);
  }
}

function perform(cluster: Cluster, vm: Vm, action: PveAction, given: Parameters): void {
  switch (action) {
    case "start":
      startNow(cluster, vm);
      break;
    case "stop":
      stopNow(cluster, vm);
      break;
    case "shutdown":
      if (vm.power === "running" && !vm.hasGuest && given.forceStop !== "1") {
        throw died("VM quit/powerdown failed - got timeout");
      }
      stopNow(cluster, vm);
      break;
    case "reboot":
      if (!vm.hasGuest) throw died("VM quit/powerdown failed - got timeout");
      stopNow(cluster, vm);
      startNow(cluster, vm);
      break;
    case "reset":
      boot(cluster, vm);
      break;
    case "suspend":
      if (given.todisk === "1") {
        stopNow(cluster, vm);
        vm.config.lock = "suspended";
      } else vm.power = "paused";
      break;
    case "resume":
      if (vm.config.lock === "suspended") startNow(cluster, vm);
      else vm.power = "running";
      break;
  }
  cluster.touched(vm);
}

export function startNow(cluster: Cluster, vm: Vm): void {
  if (vm.config.lock === "suspended") delete vm.config.lock;
  applyPending(vm);
  vm.power = "running";
  vm.pid = 10_000 + cluster.ids.integer();
  vm.startedAt = cluster.clock.now();
  boot(cluster, vm);
  cluster.touched(vm);
}

export function stopNow(cluster: Cluster, vm: Vm): void {
  vm.power = "stopped";
  delete vm.pid;
  delete vm.startedAt;
  delete vm.agentAt;
  // What waited for the next start waits no longer: the process that kept the old values is gone.
  applyPending(vm);
  cluster.touched(vm);
}

function boot(cluster: Cluster, vm: Vm): void {
  if (vm.hasGuest) vm.agentAt = cluster.clock.now() + cluster.timing.bootMs;
}
