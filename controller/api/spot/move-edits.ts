import type { ActualAggregate } from "../../../resources/actual.ts";
import type { AggregateFields } from "../../../schemas/types.ts";
import { setField } from "../../fleet/edit.ts";
import { parseFleetFile } from "../../fleet/file.ts";
import { withoutHost } from "../../fleet/hosts-edit.ts";
import { objectFile } from "../../fleet/object-file.ts";
import type { FieldPath } from "../../fleet/problem.ts";
import type { FileEdit } from "../../repo/edits.ts";
import { blobId } from "../../repo/worktree.ts";
import { Refusal } from "../dialect/refusal.ts";
import type { SpotApi } from "./api.ts";
import { classOf, gpuTypesOf } from "./classes.ts";
import type { Move, Place } from "./place.ts";

/** A file as it is and as it is to be. */
interface Text {
  /** Undefined where there is none yet. */
  before?: string;
  after: string;
}

/** As the schema of files has it. */
const FILE_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/;

/**
 * The edits that move a host. Aggregates that no file has are taken over by their ids in the same change; of their hosts only this one becomes the
 * fleet's.
 * @throws {Refusal} conflict when a file has the host elsewhere; invalid for an aggregate that cannot be taken over
 */
export async function moveEdits(
  api: SpotApi,
  move: Move,
  place: Required<Pick<Place, "source" | "target">> & Place,
): Promise<FileEdit[]> {
  const account = place.zone.account.spec.name;
  const listed = api.desired.objects.find(
    ({ spec }) => spec.kind === "AggregateHost" && spec.account === account && spec.name === move.host,
  );
  if (listed?.spec.kind === "AggregateHost" && listed.spec.aggregate !== move.source)
    throw new Refusal(
      "conflict",
      `${listed.path} has ${move.host} in ${listed.spec.aggregate}, and the cloud in ${move.source}: what a hand has changed is put right first`,
    );
  const texts = new Map<string, Text>();
  const paths = { source: await readInto(texts, api, place.source, place), target: "" };
  paths.target = await readInto(texts, api, place.target, place);
  edit(texts, paths.source, (text) => withoutHost(text, move.host));
  edit(texts, paths.target, (text) => withHost(text, move, listed === undefined));
  return [...texts].map(([path, { before, after }]) => ({
    path,
    text: after,
    ifBlob: before === undefined ? null : blobId(Buffer.from(before)),
  }));
}

function edit(texts: Map<string, Text>, path: string, change: (text: string) => string): void {
  const text = texts.get(path)!;
  texts.set(path, { ...text, after: change(text.after) });
}

/** @returns the path of the file that has an aggregate, or is to have it */
async function readInto(
  texts: Map<string, Text>,
  api: SpotApi,
  aggregate: ActualAggregate,
  place: Place,
): Promise<string> {
  const { desired, controller } = api;
  const account = place.zone.account.spec.name;
  const file = desired.objects.find(
    ({ spec }) => spec.kind === "Aggregate" && spec.account === account && spec.name === aggregate.name,
  );
  const path = file?.path ?? `aggregates/${aggregate.name}.yaml`;
  if (texts.has(path)) return path;
  if (file === undefined) {
    texts.set(path, { after: adopting(aggregate, place, path) });
    return path;
  }
  const before = (await controller.repo.readBlob(desired.commit, path)) ?? "";
  texts.set(path, { before, after: before });
  return path;
}

function adopting({ id, name }: ActualAggregate, { zone, aggregates }: Place, path: string): string {
  const classed = classOf(name, undefined, gpuTypesOf(aggregates));
  if (!FILE_NAME.test(name) || classed === undefined)
    throw new Refusal(
      "invalid",
      `the name of ${name} tells no class (GPU-n3[-VARIANT][-spot|-runpod], Contract-GPU-CUSTOMER): a file below aggregates/ with \`adopt: ${id}\` does`,
    );
  return objectFile("Aggregate", path, {
    name,
    account: zone.account.spec.name,
    gpuType: classed.gpuType,
    class: classed.class === "contracts" ? "contract" : classed.class,
    adopt: id,
    hosts: [],
  });
}

function withHost(text: string, { host, source, target }: Move, isNew: boolean): string {
  const { name, hosts, takenFrom, variants } = parseFleetFile(text).fields as AggregateFields;
  const index = variants.findIndex((one) => one.name === target);
  const at: FieldPath = name === target ? [] : ["variants", index];
  const part = name === target ? { hosts, takenFrom } : variants[index]!;
  const listed = setField(text, [...at, "hosts"], [...part.hosts, host]);
  return isNew ? setField(listed, [...at, "takenFrom"], { ...part.takenFrom, [host]: source }) : listed;
}
