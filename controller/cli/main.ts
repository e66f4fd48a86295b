import { Command, CommanderError, Option } from "commander";
import { FLEET_ERRORS, FleetError } from "../../resources/errors.ts";
import { VERSION } from "../version.ts";
import { type Io, processIo } from "./io.ts";
import { EXIT } from "./options.ts";
import { verbs } from "./verbs/index.ts";

/** Runs the command line and answers the exit code. Everything but the verbs' own output goes to standard error. */
export async function main(args: string[], io: Io = processIo()): Promise<number> {
  let code: number = EXIT.ok;
  const program = new Command("fleetwright")
    .description("Keeps a fleet of servers true to the YAML in its git repository.")
    .version(VERSION, "-V, --version", "print the version")
    .option("--fleet <dir>", "the fleet repository", ".")
    .option("--data <dir>", "the controller's folder: database, state, keys (default: one of yours for this fleet)")
    .option("--json", "print one JSON object on standard output")
    .addOption(
      new Option("--stand-ins", "drive simulated clouds by stand-ins of the official plugins").env(
        "FLEETWRIGHT_STAND_INS",
      ),
    )
    .addOption(
      new Option(
        "--provider <how>",
        "where our own Pulumi provider runs: in this process, or as the executable that operators use",
      )
        .choices(["served", "executable"])
        .default("served")
        .env("FLEETWRIGHT_PROVIDER"),
    )
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) })
    .exitOverride()
    .showHelpAfterError("(fleetwright --help lists the verbs)")
    .addHelpText("after", EXAMPLES);
  for (const add of verbs) {
    add(program, io, (exit) => {
      code = exit;
    });
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.error;
    return report(error, io, args.includes("--json"));
  }
}

/** An error as a person can act on it; as one JSON object with `--json`. */
function report(error: unknown, io: Io, json: boolean): number {
  if (!(error instanceof FleetError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (json) io.out(JSON.stringify({ error: { code: "BUG", message: text } }));
    else io.err(io.color.red(`This is a bug in Fleetwright:\n${text}`));
    return EXIT.error;
  }
  if (json) io.out(JSON.stringify({ error: { code: error.code, message: error.message, at: error.at } }));
  else io.err(`${io.color.red(error.code)} ${error.message}`);
  return FLEET_ERRORS[error.code].exit;
}

const EXAMPLES = `
Examples:
  fleetwright init acme                       make a fleet repository in ./acme
  fleetwright validate                        check every file; errors as file:line:column
  fleetwright preview                         what HEAD would change, and what it costs
  fleetwright apply                           preview, ask, execute exactly that
  fleetwright apply --approve 3f2a…           execute what was shown under this hash, or refuse
  fleetwright drift --revert                  bring back what was changed by hand
  fleetwright drift --accept                  or write it into the files
  fleetwright simulate linode --port 9001     a simulated cloud to try things on

Exit codes: 0 done or nothing to do, 1 error, 2 changes or drift found, 3 refused by a guard or a stale preview.`;
