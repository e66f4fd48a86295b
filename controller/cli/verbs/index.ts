import { type Command, InvalidArgumentError } from "commander";
import type { Io } from "../io.ts";
import type { GlobalOptions } from "../session.ts";

/** Adds one verb to the program; `exit` takes the verb's exit code. A verb's code is loaded when it is called. */
export type AddVerb = (program: Command, io: Io, exit: (code: number) => void) => void;

const list = (value: string, before: string[] = []): string[] => [...before, ...value.split(",")];

function count(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError("a whole number from 0 is wanted");
  return Number(value);
}

/** Runs a verb with its own options and those of the program. */
function running<Flags extends GlobalOptions>(
  io: Io,
  exit: (code: number) => void,
  run: (flags: Flags, io: Io, ...args: string[]) => Promise<number>,
) {
  return async (...args: unknown[]) => {
    const command = args.at(-1) as Command;
    exit(await run(command.optsWithGlobals<Flags>(), io, ...command.args));
  };
}

export const verbs: AddVerb[] = [
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
      .action(running(io, exit, async (flags, io) => (await import("./apply.ts")).applyVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("status")
      .description("what is recorded, what waits, what runs")
      .action(running(io, exit, async (flags, io) => (await import("./status.ts")).statusVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("drift")
      .description("list the clouds and show what differs from what was applied")
      .option("--revert", "bring it back to what the files say")
      .option("--accept", "write the actual values into the files, as a commit")
      .option("--yes", "approve the effects of --revert")
      .option("--allow-replace <name>", "this server may be deleted and made anew; may be repeated", list)
      .option("--allow-delete <count>", "so many removals at once are meant", count)
      .action(running(io, exit, async (flags, io) => (await import("./drift.ts")).driftVerb(flags, io))),
];
