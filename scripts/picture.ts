/**
 * Runs the demo and draws the end of what it said on a terminal as `docs/images/demo.svg`: `node scripts/with-node.mjs scripts/picture.ts`.
 * Live lines, which a terminal takes away again, are left out; nothing else is.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import pc from "picocolors";
import type { Io } from "../controller/cli/io.ts";
import { demoVerb } from "../controller/cli/verbs/demo.ts";
import { svgOf } from "./picture/svg.ts";

const TARGET = path.resolve(import.meta.dirname, "../docs/images/demo.svg");
/** The first steps are long: twelve new servers. */
const FROM = /Change: one line of one file/;

const said: string[] = [];
const take = (text: string) => {
  process.stderr.write(`${text}\n`);
  said.push(...text.split("\n"));
};
const io: Io = {
  out: take,
  err: take,
  draw: () => undefined,
  live: true,
  width: 100,
  color: pc.createColors(true),
  confirm: async () => false,
  ask: async () => undefined,
  secret: async () => undefined,
};

const code = await demoVerb({ fleet: ".", once: true }, io);
const start = said.findIndex((line) => FROM.test(line));
if (code === 0 && start >= 0) {
  await mkdir(path.dirname(TARGET), { recursive: true });
  await writeFile(TARGET, svgOf(said.slice(start), "npm run demo"));
} else {
  process.stderr.write("the demo did not end well: the picture stays as it was\n");
  process.exitCode = 1;
}
