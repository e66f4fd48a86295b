import type { ServerSpec } from "../../resources/spec.ts";
import { type Entry, placeOfName } from "./entries.ts";
import { fieldFault } from "./file.ts";
import type { FieldFault } from "./validate.ts";

/** Earlier names that somebody has now, or that two claim. */
export function formerlyFaults(entries: ReadonlyMap<string, Entry>): [Entry, FieldFault][] {
  const faults: [Entry, FieldFault][] = [];
  const claimed = new Map<string, Entry>();
  for (const entry of entries.values()) {
    const { formerly } = entry.parsed.fields as { formerly: string[] };
    for (const [index, name] of formerly.entries()) {
      const holder = entries.get(name) ?? claimed.get(name);
      claimed.set(name, entry);
      // Its own name is a fault of the file alone, told there.
      if (holder === undefined || name === entry.name) continue;
      const verb = holder.name === name ? "is" : "was also";
      faults.push([
        entry,
        fieldFault(["formerly", index], `"${name}" ${verb} the name of the one in ${placeOfName(holder)}`),
      ]);
    }
  }
  return faults;
}

/** Machines that two servers want to take over. */
export function adoptFaults(
  entries: ReadonlyMap<string, Entry>,
  servers: ReadonlyMap<string, { spec: ServerSpec }>,
): [Entry, FieldFault][] {
  const faults: [Entry, FieldFault][] = [];
  const adopters = new Map<string, Entry>();
  for (const [name, { spec }] of servers) {
    if (spec.adopt === undefined) continue;
    const entry = entries.get(name)!;
    const id = JSON.stringify([spec.account, spec.adopt]);
    const other = adopters.get(id);
    if (other === undefined) adopters.set(id, entry);
    else
      faults.push([entry, fieldFault(["adopt"], `the machine ${spec.adopt} is also adopted in ${placeOfName(other)}`)]);
  }
  return faults;
}
