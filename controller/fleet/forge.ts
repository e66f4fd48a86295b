import type { FleetFields } from "../../schemas/types.ts";
import { fieldFault } from "./file.ts";
import { prefixFaults, urlFaults } from "./notifications.ts";
import type { FieldFault } from "./validate.ts";

/** What the schema cannot say of a forge. */
export function forgeFaults(forge: FleetFields["forge"], envPrefixes: readonly string[]): FieldFault[] {
  if (forge === undefined) return [];
  const { kind, url, repository, token } = forge;
  const isDeep = repository.split("/").length > 2;
  const steps = repository.split("/");
  return [
    ...(kind === "gitea" && url === undefined
      ? [fieldFault(["forge", "url"], "is missing: there is no public Gitea that everybody means")]
      : []),
    ...(url === undefined ? [] : urlFaults(url, ["forge", "url"])),
    ...(isDeep && kind !== "gitlab" ? [fieldFault(["forge", "repository"], "must be OWNER/NAME")] : []),
    ...(steps.some((step) => /^\.+$/.test(step)) ? [fieldFault(["forge", "repository"], "is no name")] : []),
    ...prefixFaults(token.env, ["forge", "token", "env"], envPrefixes),
  ];
}
