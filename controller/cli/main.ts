import { Command, CommanderError, Option } from "commander";
import { type ErrorPlace, FLEET_ERRORS, FleetError } from "../../resources/errors.ts";
import { VERSION } from "../version.ts";
import { helpOf, OVERVIEW } from "./help.ts";
import { type Io, processIo } from "./io.ts";
import { EXIT, type GlobalOptions } from "./options.ts";
import { checkRemote } from "./remote/settings.ts";
import { Interrupted } from "./signals.ts";
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
    .addOption(
      new Option("--server <url>", "ask the controller at this address, instead of working here").env(
        "FLEETWRIGHT_SERVER",
      ),
    )
    .addOption(
      new Option("--token <token>", "an API key of it; others see it among the processes").env("FLEETWRIGHT_TOKEN"),
    )
    .addOption(new Option("--token-file <file>", "the file (0600) that holds it").env("FLEETWRIGHT_TOKEN_FILE"))
    .hook("preAction", (_, action) => {
      let verb = action;
      while (verb.parent && verb.parent !== program) verb = verb.parent;
      const isFromEnvironment = program.getOptionValueSource("server") === "env";
      checkRemote(verb.name(), program.opts<GlobalOptions>().server, isFromEnvironment);
    })
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) })
    .exitOverride()
    .showHelpAfterError("(fleetwright --help lists the verbs)")
    .addHelpText("after", OVERVIEW);
  for (const add of verbs) {
    add(program, io, (exit) => {
      code = exit;
    });
  }
  for (const command of program.commands) command.addHelpText("after", helpOf(command.name()));
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    const json = args.includes("--json");
    if (!(error instanceof CommanderError)) return report(error, io, json);
    if (error.exitCode === 0) return EXIT.ok;
    // Its words stand on standard error already.
    if (json) report(new FleetError("USAGE", error.message.replace(/^error: /, "")), io, json);
    return EXIT.error;
  }
}

/** An error as a person can act on it; as one JSON object with `--json`. */
function report(error: unknown, io: Io, json: boolean): number {
  const { code, message, at, exit } = described(error);
  if (json) io.out(JSON.stringify({ error: { code, message, ...(at === undefined ? {} : { at }) } }));
  else if (code === "BUG") io.err(io.color.red(`This is a bug in Fleetwright:\n${message}`));
  else if (message.includes("\n")) io.err(`${io.color.red(code)}\n${message}`);
  else io.err(`${io.color.red(code)} ${message}`);
  return exit;
}

function described(error: unknown): { code: string; message: string; at?: ErrorPlace; exit: number } {
  if (error instanceof FleetError) {
    const { code, message, at } = error;
    return { code, message, at, exit: FLEET_ERRORS[code].exit };
  }
  if (error instanceof Interrupted)
    return {
      code: "INTERRUPTED",
      message: "stopped; what was approved and not done yet stays approved",
      exit: EXIT.error,
    };
  return {
    code: "BUG",
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    exit: EXIT.error,
  };
}
