import type { ActualServer } from "../../resources/actual.ts";
import { FleetError } from "../../resources/errors.ts";
import { diffInputs } from "../../resources/plugin/diff.ts";
import { type PropertyMap, type ResourceHandler, UNKNOWN } from "../../resources/plugin/handler.ts";
import type { HandlerParts } from "../../resources/plugin/package.ts";
import type { Calls } from "./calls.ts";
import type { Machines } from "./machines.ts";
import { checkServer, OUTPUT_NAMES, SERVER_TYPE, type ServerInputs } from "./server.ts";
import { Sightings } from "./sightings.ts";

/** `fleetwright:bench:Server`: made at once, exactly once by its mark. */
export function serverHandler(
  machines: Machines,
  calls: Calls,
  { cloud, call, journal, account }: HandlerParts,
): ResourceHandler {
  const sightings = new Sightings(cloud);

  const make = (inputs: ServerInputs): ActualServer => {
    calls.count("create");
    return machines.add(machineOf(inputs));
  };

  return {
    type: SERVER_TYPE,

    check: async (inputs) => checkServer(inputs),

    diff: async (_id, old, news) => ({
      ...diffInputs(old.inputs, news, { replaceOn: ["mark", "region", "image"] }),
      deleteBeforeReplace: true,
    }),

    async create(properties, context) {
      if (context.preview) return { id: "", outputs: { ...properties, ...unknownOutputs() } };
      const inputs = properties as unknown as ServerInputs;
      const key = { account: account.spec.name, kind: "Server", key: inputs.mark };
      const earlier = await journal.begin(key);
      const found = earlier === undefined ? [] : await sightings.find(inputs.mark, earlier, call(context.signal));
      if (found.length > 1) throw new FleetError("VERIFY_FAILED", `several machines carry the mark ${inputs.mark}`, {});
      const machine = found[0] ?? make(inputs);
      await journal.answered(key.account, key.key, machine.id);
      return { id: machine.id, outputs: { ...properties, ...outputsOf(machine) } };
    },

    async read(id, known) {
      calls.count("observe");
      const machine = machines.get(id);
      return machine && { id, inputs: known.inputs, outputs: { ...known.inputs, ...outputsOf(machine) } };
    },

    async update(id, old, news, context) {
      if (context.preview) return { ...old.outputs, ...news };
      calls.count("update");
      const machine = machines.get(id);
      if (machine === undefined) throw new FleetError("NOT_FOUND", `there is no server ${id}`, { id });
      const changed = { ...machine, ...machineOf(news as unknown as ServerInputs), id, power: machine.power };
      machines.put(changed);
      return { ...news, ...outputsOf(changed) };
    },

    async delete(id) {
      calls.count("delete");
      machines.remove(id);
    },
  };
}

function machineOf(inputs: ServerInputs): Omit<ActualServer, "id"> {
  return {
    name: inputs.hostname,
    mark: inputs.mark,
    power: "running",
    status: "active",
    size: inputs.size,
    region: inputs.region,
    image: inputs.image,
    ipv4: ["203.0.113.10", "10.0.0.10"],
    ipv6: inputs.ipv6 ? ["2001:db8::10"] : [],
    tags: inputs.tags,
    backups: inputs.backups,
    monitoring: inputs.monitoring,
    ipv6Enabled: inputs.ipv6,
    createdAt: "2026-01-01T00:00:00.000Z",
  };
}

function outputsOf(machine: ActualServer): PropertyMap {
  return {
    ipv4: machine.ipv4[0] ?? "",
    ipv6Address: machine.ipv6[0] ?? "",
    privateIpv4: machine.ipv4[1] ?? "",
    status: machine.status,
    createdAt: machine.createdAt ?? "",
  };
}

function unknownOutputs(): PropertyMap {
  return Object.fromEntries(OUTPUT_NAMES.map((name) => [name, UNKNOWN]));
}
