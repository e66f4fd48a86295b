import { setTimeout as delay } from "node:timers/promises";
import type { ActualServer } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { Journal, JournalEntry } from "../journal.ts";
import { diffInputs } from "../plugin/diff.ts";
import type { HandlerContext, PropertyMap, ResourceHandler } from "../plugin/handler.ts";
import { makeOnce } from "../plugin/once.ts";
import { findDevices, observeDevice, type Search } from "./devices.ts";
import { send } from "./http.ts";
import { devicePath, parseId } from "./ids.ts";
import { orderDevice } from "./order.ts";
import { CREATE_ONLY, checkDevice, type DeviceInputs, deviceOf, IDENTITY, unknownOutputs } from "./plugin-fields.ts";
import { DEVICE } from "./resource.ts";

export interface HandlerOptions {
  call(signal: AbortSignal): Call;
  journal: Journal;
  /** Epoch in milliseconds. */
  now?(): number;
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
}

/** How long a removal is watched before it is left to the cloud. */
const GONE_MS = 60_000;
const PAUSE_MS = 5_000;

/** `fleetwright:hivelocity:Device`. Its create ends when the order has an id; nothing here waits until a device is ready. */
export function deviceHandler(options: HandlerOptions): ResourceHandler {
  const { journal, now = Date.now } = options;
  const sleep = options.sleep ?? (async (ms, signal) => void (await delay(ms, undefined, { signal })));
  /** Orders of this run whose devices are known: a search for a lost one need not wait for them. */
  const known = new Set<number>();

  const noteOrder = (id: string): void => {
    const { orderId } = parseId(id);
    if (orderId) known.add(orderId);
  };

  async function make(device: DeviceInputs, context: HandlerContext): Promise<ActualServer> {
    const seconds = options.call(context.signal).account.spec.deadlines.createSeconds;
    const { signal, end } = within(context, seconds);
    const call = options.call(signal);
    const search: Search = { known, sleep, log: context.log };
    try {
      return await makeOnce<ActualServer>({
        kind: "Server",
        key: device.mark,
        call,
        journal,
        now,
        sleep,
        log: context.log,
        idOf: ({ id }) => id,
        find: async (earlier) =>
          (await answeredBefore(earlier, call)) ?? (await findDevices(device.mark, call, search)),
        create: () => orderDevice(device, call, search),
        exists: async (id) => (await observeDevice(id, call)) !== undefined,
      });
    } finally {
      end();
    }
  }

  /** What an earlier attempt was told is ours, although a device that is being made does not show its mark. */
  async function answeredBefore(earlier: JournalEntry | undefined, call: Call): Promise<ActualServer[] | undefined> {
    if (!earlier?.id) return undefined;
    const actual = await observeDevice(earlier.id, call);
    return actual?.provisioning && actual.mark === undefined ? [actual] : undefined;
  }

  /** The device, if it is ours; undefined when the cloud says that it is gone. */
  async function findOurs(id: string, mark: unknown, call: Call): Promise<ActualServer | undefined> {
    const actual = await observeDevice(id, call);
    if (!actual) return undefined;
    if (actual.mark === mark) return actual;
    if (actual.mark === undefined && actual.provisioning) {
      const message = `device ${id} is still being made (${actual.status}) and shows no mark yet: try again when it is there`;
      throw new FleetError("CLOUD_UNAVAILABLE", message, { id });
    }
    const message = `device ${id} does not carry our mark ${mark}: it may be another's, and is left alone`;
    throw new FleetError("CLOUD_REFUSED", message, { id });
  }

  /** Its name and tags; never by `PUT /compute/`, which installs a device anew when it finds a difference. */
  async function configure(actual: ActualServer, device: DeviceInputs, call: Call): Promise<void> {
    const path = devicePath(parseId(actual.id));
    if (actual.name !== device.hostname)
      await send(call, { method: "PUT", path, json: { hostname: device.hostname }, answer: "none" });
    if (JSON.stringify(actual.tags) !== JSON.stringify([...device.tags].sort()))
      await send(call, { method: "PUT", path: `${path}/tags`, json: { tags: device.tags }, answer: "none" });
  }

  return {
    type: DEVICE,

    check: async (inputs) => checkDevice(inputs),

    async diff(_id, old, news) {
      const { changes } = diffInputs(old.inputs, news, { replaceOn: IDENTITY });
      for (const name of CREATE_ONLY) delete changes[name];
      return { changes, deleteBeforeReplace: true };
    },

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: { ...inputs, ...unknownOutputs() } };
      const device = deviceOf(inputs);
      const made = await make(device, context);
      noteOrder(made.id);
      // One that was found, as an adopted one is, may be called otherwise.
      if (made.mark === device.mark && !made.provisioning) await configure(made, device, options.call(context.signal));
      return { id: made.id, outputs: outputsOf(inputs, made) };
    },

    async read(id, known, context) {
      const actual = await observeDevice(id, options.call(context.signal));
      if (!actual) return undefined;
      if (actual.provisioning && actual.mark === undefined)
        return { id, inputs: known.inputs, outputs: outputsOf(known.inputs, actual) };
      const inputs: PropertyMap = { ...known.inputs, hostname: actual.name, tags: actual.tags };
      if (actual.mark !== undefined) inputs.mark ??= actual.mark;
      if (actual.size !== undefined) inputs.productId = Number(actual.size);
      if (actual.region !== "") inputs.location = actual.region;
      inputs.osName ??= actual.image ?? "";
      return { id, inputs, outputs: outputsOf(inputs, actual) };
    },

    async update(id, old, news, context) {
      if (context.preview) return { ...old.outputs, ...news };
      const call = options.call(context.signal);
      const actual = await findOurs(id, old.inputs.mark, call);
      if (!actual) throw new FleetError("NOT_FOUND", `there is no device ${id}`, { id });
      // What an update leaves undone when it fails, the same update does next time: state keeps the old inputs until it is all done.
      await configure(actual, deviceOf(news), call);
      return outputsOf(news, (await observeDevice(id, call)) ?? actual);
    },

    async delete(id, old, context) {
      const call = options.call(context.signal);
      const found = await findOurs(id, old.inputs.mark, call);
      if (!found) return;
      // 409 says that it is being cancelled already, and 404 that an attempt whose answer was lost has done it.
      const { deviceId } = parseId(id);
      await send(call, { method: "DELETE", path: `/compute/${deviceId}`, ok: [404, 409], answer: "none" });
      for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
        const actual = await observeDevice(id, call);
        if (!actual) return;
        if (waitedMs >= GONE_MS) {
          if (!actual.leaving)
            throw new FleetError("VERIFY_FAILED", `device ${id} is still there after its removal`, { id });
          context.log(`${id}: cancelled; the cloud takes it away ${actual.leaving.on ?? "by itself"}`);
          return;
        }
        await sleep(PAUSE_MS, context.signal);
      }
    },
  };
}

function outputsOf(inputs: PropertyMap, actual: ActualServer): PropertyMap {
  const { deviceId } = parseId(actual.id);
  return { ...inputs, deviceId, ipv4: actual.ipv4, ipv6: actual.ipv6, status: actual.status };
}

/** A create has the time of the account, whatever the engine allows. */
function within({ signal }: HandlerContext, seconds: number): { signal: AbortSignal; end(): void } {
  const own = new AbortController();
  const late = new FleetError("DEADLINE", `the cloud told no device within ${seconds} s`, {});
  const timer = setTimeout(() => own.abort(late), seconds * 1000);
  return { signal: AbortSignal.any([signal, own.signal]), end: () => clearTimeout(timer) };
}
