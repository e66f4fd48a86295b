import pc from "picocolors";
import type { Colors } from "picocolors/types.js";

/** Where a verb reads and writes. Tests give their own; colour and live lines only on a terminal. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Where `err` goes, without a line's end: progress that is drawn over itself. */
  draw(text: string): void;
  /** Whether `err` goes to a terminal: progress may be drawn over itself. */
  live: boolean;
  width: number;
  color: Colors;
  /** Answers false where nobody can be asked. */
  confirm(question: string): Promise<boolean>;
}

/** Standard output and error; what is asked comes from standard input. */
export function processIo(options: { color?: boolean } = {}): Io {
  const terminal = process.stdout.isTTY === true;
  // Who reads (`| head`) may stop at any time; what is under way goes on.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreClosed);
  const colored = options.color ?? (terminal && process.env.NO_COLOR === undefined);
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    draw: (text) => void process.stderr.write(text),
    live: process.stderr.isTTY === true,
    width: process.stdout.columns ?? process.stderr.columns ?? 100,
    color: pc.createColors(colored),
    confirm,
  };
}

function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

async function confirm(question: string): Promise<boolean> {
  if (process.stdin.isTTY !== true) return false;
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(`${question} [y/N] `)).trim().toLowerCase() === "y";
  } finally {
    lines.close();
  }
}
