import type { ServerSpec } from "../../resources/spec.ts";
import { removeField, setField } from "../fleet/edit.ts";
import { type Controller, cloudOf } from "./context.ts";
import type { Home } from "./rehome-home.ts";

export interface EditedMove {
  text: string;
  /** What the file means then, as far as money asks. */
  spec: ServerSpec;
  /** The machine is made anew. */
  dataLoss: boolean;
  /** What the file loses, because the new cloud has nothing like it. */
  notes: string[];
}

/** The file of a server that moves: only the lines of its home change, and those that the new cloud has no use for go. */
export function editForMove(
  controller: Pick<Controller, "clouds">,
  spec: ServerSpec,
  home: Home,
  before: string,
): EditedMove {
  const { title, capabilities } = cloudOf(controller, home.provider);
  const notes: string[] = [];
  let text = before;
  const set = (field: string, value: unknown, old: unknown) => {
    if (value !== old) text = setField(text, [field], value);
  };
  const drop = (field: string, note?: string) => {
    const without = removeField(text, [field]);
    if (without !== text && note !== undefined) notes.push(note);
    text = without;
  };

  set("account", home.account, spec.account);
  set("region", home.region, spec.region);
  set("image", home.image, spec.createOnly.image);
  if (home.plan !== undefined) set("plan", home.plan, spec.plan);
  else {
    set("size", home.size, spec.plan === undefined ? spec.size : undefined);
    drop("plan", `no plan is sold there, so it has the bare size ${home.size}`);
  }
  drop("resources");
  const moves = home.account !== spec.account;
  // The machine that was taken over stays behind.
  if (moves) drop("adopt");
  if (home.provider !== spec.provider) {
    if (Object.keys(spec.options).length > 0) drop("provider", `\`provider\` goes: ${title} has its own`);
    for (const field of ["ipv6", "monitoring", "backups"] as const) {
      if (spec[field] && !capabilities[field]) drop(field, `\`${field}\` goes: ${title} has no switch for it`);
    }
  }
  const inPlace = new Set<string>(capabilities.inPlace);
  const isNew =
    moves ||
    (home.region !== spec.region && !inPlace.has("region")) ||
    (home.size !== spec.size && !inPlace.has("size"));
  const { plan: _, ...rest } = spec;
  const { account, region, size, plan, provider } = home;
  const after: ServerSpec = { ...rest, account, provider, region, size, ...(plan !== undefined && { plan }) };
  return { text, spec: after, dataLoss: isNew, notes };
}
