import { FleetError } from "../errors.ts";
import { diffInputs } from "../plugin/diff.ts";
import { PartialCreation, type PropertyMap, type ResourceHandler } from "../plugin/handler.ts";
import { makeOnce } from "../plugin/once.ts";
import { errorMessage } from "../plugin/status.ts";
import type { Image } from "./answers.ts";
import { MARK_KEY } from "./names.ts";
import type { HandlerOptions } from "./plugin.ts";
import { checkSorted, SNAPSHOT_FIELDS, typed } from "./plugin-fields.ts";
import { SNAPSHOT } from "./resource.ts";
import {
  deleteImage,
  findOurImage,
  labelsOf,
  readImage,
  relabel,
  snapshotsWithMark,
  takeSnapshot,
  untilActive,
} from "./snapshots.ts";

interface Wanted {
  mark: string;
  name: string;
  server: string;
  /** `key:value`; no key has a colon. */
  labels: string[];
}

/** `fleetwright:openstack:Snapshot`: an image of a server's disk, with our mark among its properties. It needs its server only to be taken. */
export function snapshotHandler(options: Omit<HandlerOptions, "cloud">): ResourceHandler {
  return {
    type: SNAPSHOT,

    check: async (inputs) => checkSorted(inputs, SNAPSHOT_FIELDS, ["labels"]),

    async diff(_id, old, news) {
      const { changes } = diffInputs(old.inputs, news, { replaceOn: ["mark", "name", "server"] });
      return { changes, deleteBeforeReplace: true };
    },

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: inputs };
      const wanted = typed<Wanted>(inputs, SNAPSHOT_FIELDS);
      const call = options.call(context.signal);
      const labels = mapOf(wanted.labels);
      const image = await makeOnce<Image>({
        kind: "Snapshot",
        key: wanted.mark,
        call,
        journal: options.journal,
        find: () => snapshotsWithMark(call, wanted.mark),
        create: () => takeSnapshot({ ...wanted, labels }, call),
        idOf: ({ id }) => id,
        exists: async (id) => (await readImage(call, id)) !== undefined,
        log: context.log,
        ...(options.now ? { now: options.now } : {}),
        ...(options.sleep ? { sleep: options.sleep } : {}),
      });
      try {
        await untilActive(image.id, call);
      } catch (error) {
        throw new PartialCreation(image.id, inputs, [errorMessage(error)], { cause: error });
      }
      return { id: image.id, outputs: inputs };
    },

    async read(id, known, context) {
      const image = await findOurImage(options.call(context.signal), id, known.inputs.mark);
      if (!image) return undefined;
      const inputs: PropertyMap = { ...known.inputs, name: image.name ?? "", labels: listOf(labelsOf(image)) };
      const mark = image[MARK_KEY];
      if (typeof mark === "string") inputs.mark = mark;
      return { id, inputs, outputs: inputs };
    },

    async update(id, old, news, context) {
      if (context.preview) return news;
      const wanted = typed<Wanted>(news, SNAPSHOT_FIELDS);
      const call = options.call(context.signal);
      const image = await findOurImage(call, id, old.inputs.mark);
      if (!image) throw new FleetError("NOT_FOUND", `there is no snapshot ${id}`, { id });
      await relabel(image, mapOf(wanted.labels), call);
      // A create that was cut off while Nova was at work ends here.
      await untilActive(id, call);
      return news;
    },

    async delete(id, old, context) {
      const call = options.call(context.signal);
      if (await findOurImage(call, id, old.inputs.mark)) await deleteImage(call, id);
    },
  };
}

const mapOf = (labels: readonly string[]): Record<string, string> =>
  Object.fromEntries(labels.map((label) => [label.split(":", 1)[0]!, label.slice(label.indexOf(":") + 1)]));

const listOf = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels)
    .map(([key, value]) => `${key}:${value}`)
    .sort();
