import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { FleetError } from "../../../resources/errors.ts";
import { toGiB, toMiB } from "../../catalog/units.ts";
import { toMicro } from "../../fleet/money.ts";
import type { GlobalOptions } from "../options.ts";
import type { AdoptFlags } from "./adopt.ts";
import type { BackupFlags, RestoreFlags } from "./backup.ts";
import { capsuleVerbs } from "./capsule-verbs.ts";
import type { CatalogFlags } from "./catalog.ts";
import type { ChangeAction, ChangeFlags, ChangesFlags } from "./changes.ts";
import type { NeedFlags } from "./cheapest.ts";
import type { BindFlags, CredentialFlags } from "./credentials.ts";
import { type AddVerb, count, list, positive, running } from "./define.ts";
import { forgeVerbs } from "./forge-verbs.ts";
import type { NotifyFlags } from "./notify.ts";
import type { OpenFlags } from "./open-change.ts";
import { peopleVerbs } from "./people-verbs.ts";
import type { RunsFlags } from "./runs.ts";
import type { ServeFlags } from "./serve.ts";
import type { StatusFlags } from "./status.ts";
import { vpsVerbs } from "./vps-verbs.ts";

/** Minutes after midnight. */
function timeOfDay(value: string): number | "never" {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(value) ?? [];
  if (hours !== undefined && minutes !== undefined) return Number(hours) * 60 + Number(minutes);
  if (value === "never") return value;
  throw new InvalidArgumentError("a time of day is wanted, 03:00, or never");
}

function factor(value: string): number {
  const number = Number(value);
  if (value.trim() === "" || !(number >= 0)) throw new InvalidArgumentError("a number from 0 is wanted");
  return number;
}

function size(read: (text: string) => number | undefined): (text: string) => number {
  return (text) => {
    const value = read(text);
    if (value === undefined) throw new InvalidArgumentError("a size is wanted: 512MiB, 4GiB");
    return value;
  };
}

/** A price in whole units, 0.05, in millionths. */
function micro(value: string): number {
  const price = toMicro(Number(value));
  if (price === undefined) throw new InvalidArgumentError("a price is wanted: 0.05");
  return price;
}

/** What a server must have, for verbs that look for one. */
function withNeeds(command: Command): Command {
  return command
    .option("--account <name>", "only this account; may be repeated", list)
    .option("--min-cpu <count>", "virtual processors", count)
    .option("--min-memory <size>", "memory: 4GiB, 512MiB", size(toMiB))
    .option("--min-disk <size>", "disk: 50GiB", size(toGiB))
    .option("--region <region>", "only in this region; may be repeated", list)
    .option("--gpu [type]", "with a GPU, of this type: H100")
    .addOption(new Option("--kind <kind>", "only of this kind").choices(["shared", "dedicated", "gpu", "metal"]))
    .option("--currency <code>", "compare prices in this currency (default: USD where there is one)")
    .option("--limit <count>", "show at most so many", count)
    .option("--refresh", "read the catalogues anew");
}

export const verbs: AddVerb[] = [
  (program, io, exit) =>
    program
      .command("init")
      .argument("[dir]", "the folder (default: --fleet)")
      .description("make a fleet repository, or bring one up to date")
      .option("--id <id>", "the fleet's id (default: the folder's name)")
      .action(running(io, exit, async (flags, io, dir) => (await import("./init.ts")).initVerb(flags, io, dir))),
  (program, io, exit) =>
    program
      .command("validate")
      .description("check every file of the fleet as it lies in the folder")
      .action(running(io, exit, async (flags, io) => (await import("./validate.ts")).validateVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("compile")
      .description("print the compiled documents and their hashes at a commit")
      .option("--commit <commit>", "the commit to compile", "HEAD")
      .action(
        running<GlobalOptions & { commit: string }>(io, exit, async (flags, io) =>
          (await import("./compile.ts")).compileVerb(flags, io),
        ),
      ),
  (program, io, exit) =>
    program
      .command("preview")
      .description("show what a commit would change and cost, and its approval hash")
      .option("--commit <commit>", "the commit to preview (default: HEAD)")
      .option("--base <commit>", "compare with this commit instead of what was applied")
      .option("--stack <stack>", "only this stack; may be repeated", list)
      .option("--full", "have the engine compare every resource of every stack")
      .option("--outside-window", "with what maintenance windows and freezes hold")
      .action(running(io, exit, async (flags, io) => (await import("./preview.ts")).previewVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("apply")
      .description("execute exactly what was shown and approved")
      .option("--commit <commit>", "the commit to apply (default: HEAD)")
      .option("--stack <stack>", "only this stack; may be repeated", list)
      .option("--approve <hash>", "approve the preview, or the effects, of this hash; may be repeated", list)
      .option("--yes", "approve what the preview shows")
      .option("--allow-replace <name>", "this server may be deleted and made anew; may be repeated", list)
      .option("--allow-delete <count>", "so many removals at once are meant", count)
      .option("--allow-ended <name>", "this server may be made on something that has ended; may be repeated", list)
      .option("--allow-spending <account>", "this account may come above what it may cost; may be repeated", list)
      .option("--outside-window", "go ahead outside maintenance windows and under a freeze")
      .option("--rebuild-state <stack>", "where no copy of its damaged state is whole: make it anew", list)
      .option("--wait", "wait for machines that are being made ready, also those of earlier runs")
      .action(running(io, exit, async (flags, io) => (await import("./apply.ts")).applyVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("serve")
      .description("keep the fleet as the main line of its repository says, until it is stopped")
      .option(
        "--listen <address>",
        "where operators' tools ask it: health, metrics, runs, the webhook",
        "127.0.0.1:8350",
      )
      .option("--spot-listen <address>", "where the spot manager answers besides, as documented 127.0.0.1:6969")
      .option("--branch <branch>", "the main line (default: the branch that is checked out)")
      .option("--poll-seconds <seconds>", "between looks at the repository and its remote", positive, 10)
      .option(
        "--drift-seconds <seconds>",
        "between drift passes over an account, give or take a tenth; 0 for none",
        count,
        3600,
      )
      .addOption(
        new Option("--expire-at <time>", "when servers that have expired are stopped, a time of day in UTC, or never")
          .argParser(timeOfDay)
          .default(180, "03:00"),
      )
      .option(
        "--retry-seconds <seconds>",
        "from a failure to the first retry; each one after waits twice as long",
        positive,
        10,
      )
      .option("--retries <count>", "then it is a dead letter", count, 10)
      .option("--keep-days <days>", "for so long runs, their events and dead letters are kept", positive, 90)
      .option("--stacks-at-once <count>", "runs of the engine side by side", positive, 4)
      .addOption(
        new Option("--log-format <format>", "default: pretty on a terminal, else json").choices(["pretty", "json"]),
      )
      .action(running<ServeFlags>(io, exit, async (flags, io) => (await import("./serve.ts")).serveVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("status")
      .description("what is recorded, what waits, what runs")
      .option("--look", "with --server: have it look at the repository first")
      .action(running<StatusFlags>(io, exit, async (flags, io) => (await import("./status.ts")).statusVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("drift")
      .description("list the clouds and show what differs from what was applied")
      .option("--revert", "bring it back to what the files say")
      .option("--accept", "write the actual values into the files, as a commit")
      .option("--yes", "approve the effects of --revert")
      .option("--allow-replace <name>", "this server may be deleted and made anew; may be repeated", list)
      .option("--allow-delete <count>", "so many removals at once are meant", count)
      .option("--allow-ended <name>", "this server may be made on something that has ended; may be repeated", list)
      .option("--allow-spending <account>", "this account may come above what it may cost; may be repeated", list)
      .option("--outside-window", "go ahead outside maintenance windows and under a freeze")
      .action(running(io, exit, async (flags, io) => (await import("./drift.ts")).driftVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("changes")
      .description("list changes that are open: what they would do, and what they wait for")
      .option("--state <state>", "only in this state; may be repeated", list)
      .option("--all", "also those that have converged or were closed")
      .option("--limit <count>", "the newest so many", positive, 50)
      .action(
        running<ChangesFlags>(io, exit, async (flags, io) => (await import("./changes.ts")).changesVerb(flags, io)),
      ),
  (program, io, exit) =>
    program
      .command("change")
      .addArgument(
        new Argument("<action>", "what to do with it").choices([
          "open",
          "show",
          "preview",
          "approve",
          "execute",
          "close",
        ]),
      )
      .argument("[id]", "as `changes` tells it; open makes one")
      .description("open a change, show it, or take it a step further")
      .option(
        "--set <words...>",
        "open: fields of an object, Server/web-1 size=g6-standard-2 labels.role=web; null takes one out",
      )
      .option("--delete <object>", "open: take its file away, Server/web-1; may be repeated", list)
      .option("--file <file>", "open: create, patch and delete, as the API takes them, in YAML or JSON")
      .option("--title <words>", "open: the first line of its commit")
      .option("--approve", "open: approve what its preview shows")
      .option("--execute", "open: execute it as soon as it is approved")
      .option(
        "--wait [seconds]",
        "open: until it has converged, has failed or waits for somebody (default: 600)",
        positive,
      )
      .option("--hash <hash>", "of the preview or of effects, for approve; may be repeated", list)
      .option("--allow-replace <name>", "this server may be deleted and made anew; may be repeated", list)
      .option("--allow-delete <count>", "so many removals at once are meant", count)
      .option("--allow-ended <name>", "this server may be made on something that has ended; may be repeated", list)
      .option("--allow-spending <account>", "this account may come above what it may cost; may be repeated", list)
      .option("--outside-window", "go ahead outside maintenance windows and under a freeze")
      .option("--reason <words>", "why it is closed")
      .action(
        running<ChangeFlags & OpenFlags>(io, exit, async (flags, io, action, id) => {
          if (action === "open") {
            if (id !== undefined)
              throw new FleetError("USAGE", `change open makes a change of its own: what is ${id}?`);
            const wait = (flags.wait as number | true | undefined) === true ? 600 : flags.wait;
            const { openChangeVerb } = await import("./open-change.ts");
            return await openChangeVerb({ ...flags, ...(wait !== undefined && { wait }) }, io);
          }
          if (id === undefined) throw new FleetError("USAGE", `which change? \`fleetwright changes\` lists them`);
          return await (await import("./changes.ts")).changeVerb(flags, io, action as ChangeAction, id);
        }),
      ),
  (program, io, exit) =>
    program
      .command("runs")
      .description("list runs of the engine, or follow one as it goes")
      .option("--limit <count>", "the newest so many", positive, 20)
      .option("--stack <stack>", "only on this stack")
      .option("--follow <id>", "tell what this one does, from its beginning to its end")
      .action(running<RunsFlags>(io, exit, async (flags, io) => (await import("./runs.ts")).runsVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("notify")
      .description("tell whom the fleet names of what has happened and was not told yet")
      .option("--test", "send a test message to each instead, and say what came of it")
      .option("--list <count>", "only list messages, sent and waiting, the newest so many", positive)
      .option("--replay <id>", "send this message once more, under its id; may be repeated", list)
      .action(running<NotifyFlags>(io, exit, async (flags, io) => (await import("./notify.ts")).notifyVerb(flags, io))),
  (program, io, exit) => {
    const group = program
      .command("credentials")
      .description("keep credentials of accounts sealed, and say where they may be sent");
    const verb = (name: string, description: string) => group.command(name).description(description);
    const endpoint = "the address that it may be sent to (default: the one in the account's file)";
    const commit = "the account's file as it is in this commit (default: HEAD)";
    verb("set", "seal a credential, read from a prompt without echo or from standard input")
      .argument("<account>", "its name")
      .argument("<field>", "the credential's name: token")
      .option("--endpoint <url>", endpoint)
      .option("--commit <commit>", commit)
      .action(
        running<BindFlags>(io, exit, async (flags, io, account, field) =>
          (await import("./credentials.ts")).setVerb(flags, io, account!, field!),
        ),
      );
    verb("list", "show which are sealed, by whom, when and for which address, and what is bound").action(
      running(io, exit, async (flags, io) => (await import("./credentials.ts")).listVerb(flags, io)),
    );
    verb("remove", "forget sealed credentials of an account")
      .argument("<account>", "its name")
      .argument("[field]", "only this one")
      .option("--endpoint <url>", "only what is sealed for this address")
      .action(
        running<CredentialFlags>(io, exit, async (flags, io, account, field) =>
          (await import("./credentials.ts")).removeVerb(flags, io, account!, field),
        ),
      );
    verb("validate", "ask the account's cloud once what its credentials may do")
      .argument("<account>", "its name")
      .option("--commit <commit>", commit)
      .action(
        running<BindFlags>(io, exit, async (flags, io, account) =>
          (await import("./credentials.ts")).validateCredentialsVerb(flags, io, account!),
        ),
      );
    verb("bind", "let the credentials of an account be sent to an address that is not the cloud's own")
      .argument("<account>", "its name")
      .option("--endpoint <url>", endpoint)
      .option("--commit <commit>", commit)
      .action(
        running<BindFlags>(io, exit, async (flags, io, account) =>
          (await import("./credentials.ts")).bindVerb(flags, io, account!),
        ),
      );
    verb("unbind", "let nothing of an account be sent to an address any more")
      .argument("<account>", "its name")
      .requiredOption("--endpoint <url>", "the address")
      .action(
        running<CredentialFlags>(io, exit, async (flags, io, account) =>
          (await import("./credentials.ts")).unbindVerb(flags, io, account!),
        ),
      );
    verb("rotate", "seal all of them with a new key").action(
      running(io, exit, async (flags, io) => (await import("./credentials.ts")).rotateVerb(flags, io)),
    );
  },
  forgeVerbs,
  (program, io, exit) =>
    program
      .command("catalog")
      .addArgument(new Argument("<part>", "what to show").choices(["sizes", "images", "regions", "marketplace"]))
      .description("show what an account's cloud sells, with prices and stock")
      .requiredOption("--account <name>", "the account")
      .option("--refresh", "read it anew (default: what was read within the hour, the marketplace within six)")
      .action(
        running<CatalogFlags>(io, exit, async (flags, io, part) =>
          (await import("./catalog.ts")).catalogVerb(flags, io, part!),
        ),
      ),
  (program, io, exit) =>
    withNeeds(program.command("cheapest"))
      .description("find the cheapest size of all accounts that has what is needed")
      .action(running(io, exit, async (flags, io) => (await import("./cheapest.ts")).cheapestVerb(flags, io))),
  (program, io, exit) =>
    withNeeds(program.command("compare"))
      .description("compare the sizes of all accounts up to a price")
      .requiredOption("--max-price <price>", "the most that an hour may cost: 0.05", micro)
      .action(
        running<NeedFlags & { maxPrice: number }>(io, exit, async (flags, io) =>
          (await import("./cheapest.ts")).compareVerb(flags, io),
        ),
      ),
  (program, io, exit) =>
    program
      .command("place")
      .argument("[servers...]", "their names (default: all that are not placed)")
      .description("decide the placement of servers and write it into their files, as a commit")
      .option("--again", "decide anew where it was decided before: the size, in its account and region")
      .option("--move", "the same for account and region; a move replaces the machine")
      .option("--dry-run", "only show what would be chosen")
      .action(
        running(io, exit, async (flags, io, ...names) => (await import("./place.ts")).placeVerb(flags, io, ...names)),
      ),
  (program, io, exit) =>
    program
      .command("expire")
      .description("stop servers whose `expires` has passed, by a commit, and record the warnings that are due")
      .option("--dry-run", "only show which")
      .action(running(io, exit, async (flags, io) => (await import("./expire.ts")).expireVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("inventory")
      .description("list machines that no file names: orphans of this fleet, and those of others, with age and cost")
      .option("--account <name>", "only this account; may be repeated", list)
      .option("--all", "the fleet's own machines as well")
      .action(running(io, exit, async (flags, io) => (await import("./inventory.ts")).inventoryVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("spending")
      .description("tell what accounts may cost a month, what they do, and what this month comes to")
      .action(running(io, exit, async (flags, io) => (await import("./spending.ts")).spendingVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("adopt")
      .description("write files for machines that run already, and take them over")
      .requiredOption("--account <name>", "the account that has them")
      .option("--id <id>", "this machine; may be repeated", list)
      .option("--match <expression>", "machines whose name matches this regular expression")
      .option("--write", "write and commit the files, and take nothing over yet")
      .option("--yes", "write, commit and take over without asking")
      .action(running<AdoptFlags>(io, exit, async (flags, io) => (await import("./adopt.ts")).adoptVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("rehome")
      .description("propose where servers go whose provider, account, region or plan ends")
      .option("--account <name>", "servers of this account (default: whatever has ended)")
      .option("--region <region>", "servers in this region")
      .option("--plan <plan>", "servers with this plan")
      .option("--to <account>", "where they go: ACCOUNT or ACCOUNT/REGION (default: the cheapest that does)")
      .option("--image <image>", "what is installed there (default: the same system)")
      .option("--commit", "write the proposal into the files, as one commit")
      .action(running(io, exit, async (flags, io) => (await import("./rehome.ts")).rehomeVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("reshard")
      .argument("<account>", "its name")
      .description("spread an account's servers over another count of stacks: moves states, and no machine")
      .option("--cells <count>", "how many stacks (default: what the account's file asks for)", positive)
      .option("--dry-run", "only show what would be moved")
      .action(
        running(io, exit, async (flags, io, account) =>
          (await import("./reshard.ts")).reshardVerb(flags, io, account!),
        ),
      ),
  (program, io, exit) =>
    program
      .command("run")
      .argument("<command...>", "pulumi and its arguments, behind --")
      .description("run a Pulumi command under the stack's lease and the guards: run -- pulumi up -s linode-main.0")
      .action(running(io, exit, async (flags, io, ...args) => (await import("./run.ts")).runVerb(flags, io, ...args))),
  (program, io, exit) =>
    program
      .command("destroy")
      .description("remove every server of the fleet, by a commit")
      .option("--confirm <id>", "the fleet's id says that all of it is meant")
      .action(running(io, exit, async (flags, io) => (await import("./destroy.ts")).destroyVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("backup")
      .argument("<file>", "the archive to write")
      .description("write everything the controller holds into one archive, while others go on working")
      .option("--without-key", "leave the key of the state's secrets out; keep it elsewhere")
      .action(
        running<BackupFlags>(io, exit, async (flags, io, file) =>
          (await import("./backup.ts")).backupVerb(flags, io, file!),
        ),
      ),
  (program, io, exit) =>
    program
      .command("restore")
      .argument("<file>", "an archive that backup has written")
      .description("make the fleet repository (--fleet) and the controller's folder (--data) from an archive")
      .option("--key <file>", "the key of the state's secrets, where the archive has none")
      .option("--over", "put aside what is in the way")
      .action(
        running<RestoreFlags>(io, exit, async (flags, io, file) =>
          (await import("./backup.ts")).restoreVerb(flags, io, file!),
        ),
      ),
  ...peopleVerbs,
  capsuleVerbs,
  vpsVerbs,
  (program, io, exit) =>
    program
      .command("doctor")
      .description("check what a fleet needs on this machine, and say what mends it")
      .action(running(io, exit, async (flags, io) => (await import("./doctor.ts")).doctorVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("simulate")
      .argument("<cloud>", "its name as in an Account: linode, digitalocean, …; netbox, gpu-cloud")
      .description("run a simulated cloud on this machine until Ctrl-C")
      .option("--port <port>", "where it listens, on loopback (default: a free port)", count)
      .option("--token <token>", "the credential that it takes (default: a fixed one)")
      .option("--rate-scale <factor>", "limits renew so many times faster; 0 for none", factor)
      .option("--provision-ms <ms>", "from create to running", count)
      .option("--action-ms <ms>", "a power action or a resize", count)
      .option("--list-lag-ms <ms>", "changes show in lists so much later", count)
      .option("--servers <count>", "it starts with so many machines that no fleet made (default: none)", count)
      .action(
        running(io, exit, async (flags, io, cloud) => (await import("./simulate.ts")).simulateVerb(flags, io, cloud!)),
      ),
  (program, io, exit) =>
    program
      .command("demo")
      .description("a fleet on nine simulated clouds: converged, changed, broken and mended, in a minute")
      .option("--once", "end after the summary")
      .option("--keep", "leave the folder of the demo where it is")
      .action(running(io, exit, async (flags, io) => (await import("./demo.ts")).demoVerb(flags, io))),
];
