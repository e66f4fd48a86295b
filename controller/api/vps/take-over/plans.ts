import type { Catalog } from "../../../../resources/catalog.ts";
import type { PlanSpec } from "../../../../resources/spec.ts";
import { toMicro } from "../../../fleet/money.ts";
import { objectFile } from "../../../fleet/object-file.ts";
import { nameOf } from "../provider-file.ts";
import type { OldPlan } from "./installation.ts";

export interface TakenPlan {
  plan: OldPlan;
  spec: PlanSpec;
  /** Its new file; absent where the fleet has it already. */
  file?: { path: string; text: string };
}

/** Plans of the fleet for these, each with its old id; `waiting` are those that nobody can tell yet what they hold. */
export function takenPlans(
  there: readonly PlanSpec[],
  plans: readonly OldPlan[],
  catalogOf: (plan: OldPlan) => Catalog | undefined,
): { taken: TakenPlan[]; waiting: OldPlan[] } {
  const names = new Set(there.map(({ name }) => name));
  const taken: TakenPlan[] = [];
  const waiting: OldPlan[] = [];
  for (const plan of plans) {
    const known = there.find(({ uuid }) => uuid === plan.id);
    const holds = contentOf(plan, catalogOf(plan));
    if (known !== undefined) taken.push({ plan, spec: known });
    else if (holds === undefined) waiting.push(plan);
    else {
      const name = nameOf(plan.name, (one) => names.has(one), plan.id.slice(0, 6));
      names.add(name);
      taken.push({ plan, ...newPlan(plan, name, holds) });
    }
  }
  return { taken, waiting };
}

type Content = Pick<PlanSpec, "vcpus" | "memoryMiB" | "diskGiB"> & { transferGiB?: number };

/** What the provider says of the size; where it is not asked or does not sell it any more, what the table says. */
function contentOf({ size, specifications }: OldPlan, catalog: Catalog | undefined): Content | undefined {
  const sold = catalog?.sizes.find(({ name }) => name === size);
  const { vcpus, memoryMiB, diskGiB, transferGiB } = { ...specifications, ...(sold && defined(sold)) };
  if (vcpus === undefined || memoryMiB === undefined || diskGiB === undefined) return undefined;
  return { vcpus, memoryMiB, diskGiB, ...(transferGiB !== undefined && { transferGiB }) };
}

const defined = ({ vcpus, memoryMiB, diskGiB, transferGiB }: Catalog["sizes"][number]): OldPlan["specifications"] => ({
  vcpus,
  memoryMiB,
  ...(diskGiB !== undefined && { diskGiB }),
  ...(transferGiB !== undefined && { transferGiB }),
});

function newPlan(
  { id, provider, size, basePrice, markup, endedOn }: OldPlan,
  name: string,
  holds: Content,
): Pick<TakenPlan, "spec" | "file"> {
  const sizes = { [provider.type]: size };
  const ended = endedOn === undefined ? undefined : { on: endedOn, note: "" };
  const path = `plans/${name}.yaml`;
  const fields = { name, uuid: id, ...holds, sizes, basePrice, markup, currency: "USD" };
  const end = ended && { ended: { on: ended.on } };
  const spec: PlanSpec = {
    ...{ kind: "Plan", name, uuid: id, ...holds, sizes, currency: "USD" },
    basePriceMicro: toMicro(basePrice)!,
    markupMicro: toMicro(markup)!,
    ...(ended && { ended }),
  };
  return { spec, file: { path, text: objectFile("Plan", path, { ...fields, ...end }) } };
}
