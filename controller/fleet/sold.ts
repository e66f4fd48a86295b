import type { Catalog } from "../../resources/catalog.ts";
import { fieldFault } from "./file.ts";
import type { PlacedFields } from "./placement.ts";
import type { FieldFault } from "./validate.ts";

/**
 * What the cloud does not sell. A region that is closed to new machines, a size that has run out there, and an image that is on no list (some
 * private ones are on none) are notes: they must not make a fleet unusable whose machines run. What is bought is refused when it is executed.
 */
export function catalogFaults(
  fields: PlacedFields,
  size: string,
  title: string,
  catalog: Catalog,
  notes: FieldFault[],
): FieldFault[] {
  const faults: FieldFault[] = [];
  const region = catalog.regions.find(({ name }) => name === fields.region);
  if (region === undefined) {
    const choice = { word: fields.region, allowed: catalog.regions.map(({ name }) => name) };
    faults.push(fieldFault(["region"], `"${fields.region}" is no region of ${title}`, choice));
  } else if (!region.available) {
    notes.push(fieldFault(["region"], `${title} takes no new machines in ${fields.region} now`));
  }
  if (catalog.images.length > 0 && !catalog.images.some(({ name }) => name === fields.image)) {
    const choice = { word: fields.image, allowed: catalog.images.map(({ name }) => name) };
    notes.push(fieldFault(["image"], `"${fields.image}" is not on ${title}'s list of images`, choice));
  }
  return size === "" ? faults : [...faults, ...sizeFaults(fields, size, title, catalog, region !== undefined, notes)];
}

function sizeFaults(
  fields: PlacedFields,
  size: string,
  title: string,
  catalog: Catalog,
  regionKnown: boolean,
  notes: FieldFault[],
): FieldFault[] {
  const path = fields.plan === undefined ? ["size"] : ["plan"];
  const subject = fields.plan === undefined ? `"${size}"` : `plan "${fields.plan}" is size "${size}", which`;
  const sold = catalog.sizes.find(({ name }) => name === size);
  if (sold === undefined) {
    const message = `${subject} is not sold by ${title}`;
    // The sizes are no words for the field `plan`.
    return [
      fieldFault(
        path,
        message,
        fields.plan === undefined ? { word: size, allowed: catalog.sizes.map(({ name }) => name) } : undefined,
      ),
    ];
  }
  if (!regionKnown || sold.regions === undefined || sold.regions.includes(fields.region)) return [];
  const where = sold.regions.length === 0 ? "in no region" : `only in ${sold.regions.join(", ")}`;
  notes.push(fieldFault(path, `${subject} is not in stock in ${fields.region} now, ${where}`));
  return [];
}
