import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");

export const textOf = (file: string): string => readFileSync(resolve(ROOT, file), "utf8");

/** One instruction of a Dockerfile, with its continuation lines joined. */
export interface Instruction {
  word: string;
  rest: string;
}

export function instructions(): Instruction[] {
  return textOf("Dockerfile")
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, word = "", rest = ""] = /^\s*(\S+)\s+(.*)$/.exec(line) ?? [];
      return { word, rest };
    });
}

/** Paths of the checkout that go into a stage (all: without a name), and where they are there, relative to its folder. */
export function copied(stage?: string): { from: string; to: string }[] {
  let current: string | undefined;
  return instructions().flatMap(({ word, rest }) => {
    if (word === "FROM") current = / AS (\S+)$/.exec(rest)?.[1];
    if (word !== "COPY" || rest.startsWith("--from") || (stage !== undefined && stage !== current)) return [];
    const paths = rest.split(/\s+/);
    const to = paths.pop()!;
    return paths.map((from) => ({ from, to: from.endsWith("/") ? to : join(to, basename(from)) }));
  });
}

/** The list behind an instruction in JSON form: `CMD [...]`, `HEALTHCHECK … CMD [...]`. */
export function listOf(word: string): string[] {
  const found = instructions().findLast((one) => one.word === word);
  return JSON.parse(/\[.*\]$/.exec(found!.rest)![0]) as string[];
}
