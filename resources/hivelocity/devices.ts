import { setTimeout as delay } from "node:timers/promises";
import type { ActualServer } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { type ComputeDevice, type DeviceState, isCompute, isOrder, isState, type Order } from "./answers.ts";
import { readList, readObject } from "./http.ts";
import { devicePath, parseId } from "./ids.ts";
import { actualOf, isOpen, orderedOf } from "./states.ts";

/** Long, because a look for a mark is two or three requests of a small allowance, and an order takes minutes. */
const LOOK_AGAIN_MS = 10_000;

/** All devices of the account: one list tells what was ordered, the other how it is. */
export async function listDevices(call: Call): Promise<ActualServer[]> {
  const [devices, states] = await Promise.all([
    readList<ComputeDevice>(call, "/compute/", isCompute),
    readList<DeviceState>(call, "/device/", isState),
  ]);
  const byId = new Map(states.map((state) => [state.deviceId, state]));
  return devices.map((device) => actualOf(device, byId.get(device.deviceId)));
}

/**
 * One device. While its order is at work the cloud says that there is no such device, so its order is asked before "gone" is said; an order that
 * was cancelled never becomes one.
 */
export async function observeDevice(id: string, call: Call): Promise<ActualServer | undefined> {
  const { deviceId, orderId } = parseId(id);
  const device = await readDevice(deviceId, call);
  if (device !== undefined) return device;
  if (!orderId) return undefined;
  const order = await readObject<Order>(call, `/order/${orderId}`, isOrder, (found) => found.orderId);
  if (order !== undefined && isOpen(order)) return orderedOf(deviceId, order);
  // It may have been handed over between the two questions.
  return await readDevice(deviceId, call);
}

async function readDevice(deviceId: number, call: Call): Promise<ActualServer | undefined> {
  const path = `/compute/${deviceId}`;
  const device = await readObject<ComputeDevice>(call, path, isCompute, (found) => found.deviceId);
  if (device === undefined) return undefined;
  const state = await readObject<DeviceState>(call, devicePath({ deviceId }), isState, ({ deviceId: found }) => found);
  return actualOf(device, state);
}

export interface Search {
  /** Orders of which it is known whose they are. */
  known?: ReadonlySet<number>;
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
  log?(message: string): void;
}

/**
 * Devices with this mark. An order at work shows neither its device nor its tags, so as long as there is one that could be it nobody can tell: it is
 * waited for, and never taken for something else.
 *
 * @throws {FleetError} DEADLINE when orders stay undecided for as long as the call may take
 */
export async function findDevices(mark: string, call: Call, search: Search = {}): Promise<ActualServer[]> {
  const sleep = search.sleep ?? (async (ms, signal) => void (await delay(ms, undefined, { signal })));
  for (let told = false; ; told = true) {
    // Before the list: what is handed over between the two is then in the list.
    const open = (await readList<Order>(call, "/order/in-progress", isOrder)).filter(isOpen);
    const devices = await listDevices(call);
    // One on its way out is no machine to take over.
    const found = devices.filter((device) => device.mark === mark && device.leaving === undefined);
    const shown = new Set(devices.map(({ id }) => parseId(id).orderId));
    const undecided = open.filter(({ orderId }) => !shown.has(orderId) && !search.known?.has(orderId));
    if (found.length > 0 || undecided.length === 0) return found;
    const orders = undecided.map(({ orderId }) => orderId).join(", ");
    if (!told) search.log?.(`waits for order ${orders}, which may hold it`);
    try {
      await sleep(LOOK_AGAIN_MS, call.signal);
    } catch (cause) {
      if (call.signal.reason instanceof FleetError) throw call.signal.reason;
      const message = `Hivelocity is still at work on order ${orders}, which may hold what carries ${mark}: too early to tell`;
      throw new FleetError("DEADLINE", message, { cloud: "hivelocity", account: call.account.spec.name }, { cause });
    }
  }
}
