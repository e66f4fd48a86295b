import { type Command, InvalidArgumentError } from "commander";
import type { Io } from "../io.ts";
import type { GlobalOptions } from "../options.ts";

/** Adds one verb to the program; `exit` takes the verb's exit code. A verb's code is loaded when it is called. */
export type AddVerb = (program: Command, io: Io, exit: (code: number) => void) => void;

export const list = (value: string, before: string[] = []): string[] => [...before, ...value.split(",")];

export function count(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError("a whole number from 0 is wanted");
  return Number(value);
}

export function positive(value: string): number {
  if (count(value) === 0) throw new InvalidArgumentError("a whole number from 1 is wanted");
  return count(value);
}

/** Runs a verb with its own options and those of the program. */
export function running<Flags extends GlobalOptions>(
  io: Io,
  exit: (code: number) => void,
  run: (flags: Flags, io: Io, ...args: string[]) => Promise<number>,
) {
  return async (...args: unknown[]) => {
    const command = args.at(-1) as Command;
    exit(await run(command.optsWithGlobals<Flags>(), io, ...command.args));
  };
}
