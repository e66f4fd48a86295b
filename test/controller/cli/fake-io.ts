import pc from "picocolors";
import type { Io } from "../../../controller/cli/io.ts";

/** An Io that keeps what it is told. Without colour, unless asked for. */
export interface FakeIo extends Io {
  stdout: string[];
  stderr: string[];
  drawn: string[];
}

export function fakeIo(
  options: { live?: boolean; color?: boolean; width?: number; answer?: boolean; secret?: string } = {},
): FakeIo {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const drawn: string[] = [];
  return {
    stdout,
    stderr,
    drawn,
    out: (text) => void stdout.push(text),
    err: (text) => void stderr.push(text),
    draw: (text) => void drawn.push(text),
    live: options.live ?? false,
    width: options.width ?? 100,
    color: pc.createColors(options.color ?? false),
    confirm: async () => options.answer ?? false,
    ask: async () => undefined,
    secret: async () => options.secret,
  };
}
