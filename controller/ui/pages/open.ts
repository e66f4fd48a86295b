import type { OpenChange } from "../../changes/changes.ts";
import type { Visit } from "../visit.ts";

/** Opens a change as somebody on this page, and leads to it. @throws {FleetError} as `Changes.open` */
export async function openChange(
  visit: Visit,
  request: Pick<OpenChange, "title" | "edits" | "reverts"> & { key?: string },
): Promise<Response> {
  const { parts, who, source, signal, c } = visit;
  const change = await parts.service.changes.open({ ...request, by: who, surface: "page" }, signal);
  const data = { title: change.title };
  await parts.gate.audit({ who, action: "change.opened", object: `change ${change.id}`, data, source });
  return c.redirect(`/ui/changes/${change.id}`, 303);
}
