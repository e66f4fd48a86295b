import { InvalidArgumentError } from "commander";
import type { GlobalOptions } from "../options.ts";
import type { CompareOptions, DeployOptions, OwnFleet } from "./capsule.ts";
import { type AddVerb, count, list, running } from "./define.ts";

function number(value: string): number {
  const read = Number(value);
  if (value.trim() === "" || !(read >= 0)) throw new InvalidArgumentError("a number from 0 is wanted");
  return read;
}

/** Machines by templates of six providers, as the library `fleetwright/capsule` has them. */
export const capsuleVerbs: AddVerb = (program, io, exit) => {
  const group = program
    .command("capsule")
    .description(
      "machines by templates: deploy, list, get, delete, start, stop, cheapest, compare, and their snapshots",
    );
  const load = async () => await import("./capsule.ts");
  // The program's own default is this folder; here it is FLEETWRIGHT_FLEET, or else ~/.capsule/fleet.
  const here = <Flags extends GlobalOptions>(flags: Flags): Flags & OwnFleet => {
    const { fleet, ...others } = flags;
    const isGiven = program.getOptionValueSource("fleet") !== "default";
    return { ...(others as Flags), fleet: isGiven ? fleet : undefined };
  };
  group
    .command("deploy")
    .argument("<provider>", "hivelocity, digitalocean, vultr, aws, equinix or linode")
    .argument("<template>", "as `compare` tells it: do-basic-2")
    .description("make a machine, and wait for its id")
    .requiredOption("--name <name>", "what it is called; in several regions with the region behind it")
    .option(
      "--region <region>",
      "where (default: the template's first); several, parted by commas, are made together",
      list,
    )
    .option("--ssh-key <key>", "id of a key that the account has, or the text of a public key; may be repeated", append)
    .option("--image <image>", "what is installed (default: the template's)")
    .option("--firewall <name>", "of the fleet; may be repeated", list)
    .option("--security-group <id>", "at AWS, that the region has; may be repeated", list)
    .option("--label <label>", "key=value, or a plain word; may be repeated", append)
    .option("--backups", "with the cloud's own backups")
    .option("--project-id <id>", "at Equinix Metal")
    .option("--no-wait", "come back once it is accepted, before the cloud has told its id")
    .action(
      running<DeployOptions & GlobalOptions>(io, exit, async (flags, io, provider, template) =>
        (await load()).deployVerb(here(flags), io, provider!, template!),
      ),
    );
  group
    .command("list")
    .argument("[providers...]", "only these (default: all with credentials)")
    .description("list machines, those of the fleet and others")
    .action(
      running<GlobalOptions>(io, exit, async (flags, io, ...names) => (await load()).listVerb(here(flags), io, names)),
    );
  for (const [name, words] of [
    ["get", "show one machine"],
    ["start", "switch one on"],
    ["stop", "switch one off"],
    ["delete", "remove one"],
  ] as const)
    group
      .command(name)
      .argument("<provider>", "its provider")
      .argument("<id>", "the provider's id of it")
      .description(words)
      .action(
        running<GlobalOptions>(io, exit, async (flags, io, provider, id) =>
          (await load()).oneVerb(name, here(flags), io, provider!, id!),
        ),
      );
  const snapshots = async () => await import("./capsule-snapshots.ts");
  group
    .command("snapshot")
    .argument("<provider>", "digitalocean or vultr")
    .argument("<id>", "the provider's id of a machine")
    .requiredOption("--name <name>", "the snapshot's")
    .description("keep an image of a machine's disk, which stays when the machine goes")
    .action(
      running<{ name: string } & GlobalOptions>(io, exit, async (flags, io, provider, id) =>
        (await snapshots()).snapshotVerb(here(flags), io, provider!, id!),
      ),
    );
  group
    .command("snapshots")
    .argument("<provider>", "digitalocean or vultr")
    .description("list snapshots, those of the fleet and others")
    .action(
      running<GlobalOptions>(io, exit, async (flags, io, provider) =>
        (await snapshots()).snapshotsVerb(here(flags), io, provider!),
      ),
    );
  group
    .command("delete-snapshot")
    .argument("<provider>", "digitalocean or vultr")
    .argument("<id>", "the provider's id of a snapshot")
    .description("remove a snapshot of the fleet")
    .action(
      running<GlobalOptions>(io, exit, async (flags, io, provider, id) =>
        (await snapshots()).deleteSnapshotVerb(here(flags), io, provider!, id!),
      ),
    );
  group
    .command("cheapest")
    .description("the cheapest template of all providers that has what is needed")
    .option("--min-cpu <count>", "processors", count, 0)
    .option("--min-memory <gib>", "memory in GiB", number, 0)
    .action(
      running<CompareOptions & GlobalOptions>(io, exit, async (flags, io) =>
        (await load()).cheapestVerb(here(flags), io),
      ),
    );
  group
    .command("compare")
    .description("all templates that have it, the cheapest first")
    .option("--min-cpu <count>", "processors", count, 0)
    .option("--min-memory <gib>", "memory in GiB", number, 0)
    .option("--max-price <price>", "US dollars an hour: 0.10", number)
    .action(
      running<CompareOptions & GlobalOptions>(io, exit, async (flags, io) =>
        (await load()).compareVerb(here(flags), io),
      ),
    );
};

const append = (value: string, before: string[] = []): string[] => [...before, value];
