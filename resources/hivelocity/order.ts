import { setTimeout as delay } from "node:timers/promises";
import type { ActualServer } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { isCompute } from "./answers.ts";
import { findDevices, type Search } from "./devices.ts";
import { invalidAnswer, send } from "./http.ts";
import type { DeviceInputs } from "./plugin-fields.ts";
import { actualOf } from "./states.ts";

const LOOK_AGAIN_MS = 5_000;

/**
 * Orders one device; sent once. It is answered with the ids of device and order; or only with 201, which says that it is being made: then it is looked for
 * by its mark until it shows.
 */
export async function orderDevice(device: DeviceInputs, call: Call, search: Search): Promise<ActualServer> {
  const path = "/compute/";
  const { status, body } = await send(call, { method: "POST", path, json: orderOf(device), answer: "none" });
  if (isCompute(body)) return actualOf(body, undefined);
  if (status !== 201) throw invalidAnswer(call, "POST", path, "it tells no device");
  const sleep = search.sleep ?? (async (ms, signal) => void (await delay(ms, undefined, { signal })));
  search.log?.("the cloud makes it and has told no id yet");
  for (;;) {
    const [found] = await findDevices(device.mark, call, search);
    if (found) return found;
    await sleep(LOOK_AGAIN_MS, call.signal);
  }
}

function orderOf(device: DeviceInputs): Record<string, unknown> {
  const { productId, location, osName, hostname, tags, period } = device;
  const optional = {
    publicSshKeyId: device.publicKeyId,
    script: device.script,
    vlanId: device.vlanId,
    ignitionId: device.ignitionId,
    forceDeviceId: device.reservedDeviceId,
    customIPXEScriptURL: device.ipxeUrl,
    bondingSupport: device.bonding,
  };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  return { productId, locationName: location, osName, hostname, tags, period, ...Object.fromEntries(given) };
}
