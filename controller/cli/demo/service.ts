import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { FleetError } from "../../../resources/errors.ts";
import { createLog } from "../../jobs/log.ts";
import { Serving } from "../../serving.ts";
import { DEMO_PERSON } from "./fleet.ts";
import type { Place } from "./place.ts";

/** Where `serve` is by default; where another is already, any port does. */
const PORT = 8350;
const LOOK_MS = 100;
const HOSTNAME = "127.0.0.1";

/** The demo's controller as a service, with one admin. */
export interface DemoService {
  serving: Serving;
  /** Of the API and the page. */
  url: string;
  email: string;
  /** Of this demo only. */
  password: string;
  /** An API key of the same person. */
  token: string;
  stop(): Promise<void>;
}

/** Follows the demo's repository; its log goes to a file in the demo's folder. `opened` gets it before it works. */
export async function serveDemo(
  place: Place,
  signal: AbortSignal,
  opened: (serving: Serving) => void,
): Promise<DemoService> {
  const file = createWriteStream(join(place.dir, "serve.log"), { mode: 0o600 });
  const log = createLog((line) => void file.write(`${line}\n`), "pretty");
  const settings = {
    branch: "main",
    pollMs: 2_000,
    driftMs: 60_000,
    keepDays: 1,
    retryMs: 5_000,
    retryLimit: 10,
  };
  const serving = await Serving.open(place.controller, { settings, log });
  opened(serving);
  const password = randomBytes(15).toString("base64url");
  const { name, email } = DEMO_PERSON;
  const by = { email, via: "command-line" } as const;
  const { id: user } = await serving.people.users.createFirst({ name, email, password }, by);
  const { text: token } = await serving.people.keys.create({ user, name: "demo" }, by);
  const url = await serving.start({ hostname: HOSTNAME, port: PORT }).catch(async (error: unknown) => {
    if (!(error instanceof FleetError) || error.code !== "USAGE") throw error;
    return await serving.start({ hostname: HOSTNAME, port: 0 });
  });
  while ((await serving.service.unready()) !== undefined) await place.controller.sleep(LOOK_MS, signal);
  const stop = async () => {
    await serving.stop();
    await new Promise<void>((done) => file.end(() => done()));
  };
  return { serving, url, email, password, token, stop };
}
