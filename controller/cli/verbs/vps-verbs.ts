import { Option } from "commander";
import { type AddVerb, list, running } from "./define.ts";
import type { TakeOverFlags } from "./vps.ts";

/** The multi-cloud VPS service that the fleet takes the place of. */
export const vpsVerbs: AddVerb = (program, io, exit) => {
  program
    .command("vps")
    .description("an installation of the multi-cloud VPS service: take-over")
    .command("take-over")
    .description("take over providers, plans and instances of its database, with their ids")
    .addOption(
      new Option("--from <url>", "its database: postgres://USER:PASSWORD@HOST/DATABASE")
        .env("FLEETWRIGHT_VPS_DATABASE")
        .makeOptionMandatory(),
    )
    .option("--migrate", "also bring that database up to its migration 016, and fill it; with --dry-run print the SQL")
    .option("--only <provider>", "only this provider, by id or name; may be repeated", list)
    .addOption(
      new Option(
        "--deletion-policy <policy>",
        "of the servers, also of those taken over before (default: orphan)",
      ).choices(["delete", "orphan"]),
    )
    .option("--dry-run", "only show what would be taken over")
    .option("--write", "only write and commit the files")
    .option("--yes", "without asking")
    .action(running<TakeOverFlags>(io, exit, async (flags, io) => (await import("./vps.ts")).takeOverVerb(flags, io)));
};
