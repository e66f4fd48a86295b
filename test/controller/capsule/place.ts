import { execFile, execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { APIError, ProviderManager } from "../../../controller/capsule/index.ts";
import type { ManagerOptions } from "../../../controller/capsule/manager.ts";
import { stopEmbedded } from "../../../controller/store/embedded.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import { simulators } from "../../../simulators/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";

/** By provider, the variables of its credentials as the reference document has them, in the order that its simulator has them in. */
const VARIABLES = {
  hivelocity: ["HIVELOCITY_API_KEY"],
  digitalocean: ["DIGITALOCEAN_API_KEY"],
  vultr: ["VULTR_API_KEY"],
  aws: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
  equinix: ["EQUINIX_API_KEY"],
  linode: ["LINODE_API_KEY"],
} as const;
export type ProviderName = keyof typeof VARIABLES;

/** A person's home, with simulated clouds that the documented variables lead to. */
export class Place {
  readonly home: string;
  readonly data: string;
  readonly logged: { message: string; fields: Record<string, unknown> }[] = [];
  readonly #running: Partial<Record<ProviderName, Simulator>>;
  /** Wrong keys, and simulators that are another place's. */
  readonly #isStranger: boolean;
  readonly #managers: ProviderManager[] = [];

  private constructor(running: Partial<Record<ProviderName, Simulator>>, isStranger = false) {
    this.#running = running;
    this.#isStranger = isStranger;
    const root = mkdtempSync(join(tmpdir(), "fw-capsule-"));
    // As root the database runs as another user, who must be able to come to the data folder.
    chmodSync(root, 0o711);
    this.home = join(root, "home");
    this.data = join(root, "data");
    mkdirSync(join(this.home, ".capsule"), { recursive: true, mode: 0o700 });
  }

  static async open(...providers: ProviderName[]): Promise<Place> {
    const quick = { provisionMs: 200, actionMs: 50, rateScale: 60 };
    const started = providers.map(async (name) => [name, await simulators[name]!.start(quick)] as const);
    return new Place(Object.fromEntries(await Promise.all(started)));
  }

  /** Another person's home, whose keys nobody takes. */
  stranger(): Place {
    return new Place(this.#running, true);
  }

  /** Vultr's key stands in the file where that was written, all others in the environment. */
  get environment(): Record<string, string> {
    const set = this.providers.flatMap((name) => {
      const [variable] = VARIABLES[name];
      const isKept = name === "vultr" && existsSync(this.#file);
      return [[`${variable}_ENDPOINT`, this.url(name)], ...(isKept ? [] : this.#credentials(name))];
    });
    return {
      PATH: process.env.PATH!,
      HOME: this.home,
      FLEETWRIGHT_DATA: this.data,
      FLEETWRIGHT_STAND_INS: "1",
      FLEETWRIGHT_STANDIN_WAIT_SCALE: "0.02",
      // Where the engine is, which takes minutes to be made.
      XDG_CACHE_HOME: process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
      ...Object.fromEntries(set),
    };
  }

  get providers(): ProviderName[] {
    return Object.keys(this.#running) as ProviderName[];
  }

  #credentials(name: ProviderName): [string, string][] {
    const values = Object.values(simulators[name]!.credentials);
    const project = simulators[name]!.accountOptions?.project;
    return [
      ...VARIABLES[name].map((variable, index): [string, string] => [
        variable,
        this.#isStranger ? "nobodys-key-0000000000" : values[index]!,
      ]),
      ...(typeof project === "string" ? ([["EQUINIX_PROJECT_ID", project]] as [string, string][]) : []),
    ];
  }

  key(name: ProviderName): string {
    return Object.values(simulators[name]!.credentials).at(-1)!;
  }

  /** What `~/.capsule/providers.yml` holds. */
  keep(text: string, mode = 0o600): void {
    writeFileSync(this.#file, text);
    chmodSync(this.#file, mode);
  }

  get #file(): string {
    return join(this.home, ".capsule", "providers.yml");
  }

  of(name: ProviderName): SimulatorClient {
    return new SimulatorClient(this.#running[name]!.url);
  }

  url(name: ProviderName): string {
    return this.#running[name]!.url;
  }

  manager(options: ManagerOptions = {}): ProviderManager {
    const logger = {
      debug: (fields: Record<string, unknown>, message: string) => void this.logged.push({ fields, message }),
    };
    const manager = new ProviderManager({ environment: this.environment, retry_delay: 1, logger, ...options });
    this.#managers.push(manager);
    return manager;
  }

  /** A script of the project, as somebody runs it. */
  async run(script: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
    const file = join(import.meta.dirname, "../../..", script);
    const options = { env: { ...this.environment, NO_COLOR: "1" }, encoding: "utf8" } as const;
    return await new Promise((resolve) => {
      execFile(process.execPath, [file, ...args], options, (_error, stdout, stderr) => resolve({ stdout, stderr }));
    });
  }

  get fleet(): string {
    return join(this.home, ".capsule", "fleet");
  }

  /** Changes a file of the fleet, and commits it. */
  edit(path: string, change: (text: string) => string): void {
    const file = join(this.fleet, path);
    const before = readFileSync(file, "utf8");
    const after = change(before);
    if (after === before) throw new Error(`${path} was not changed`);
    writeFileSync(file, after);
    this.git("commit", "-qam", `Change ${path}`);
  }

  git(...args: string[]): string {
    return execFileSync("git", args, { cwd: this.fleet, encoding: "utf8" }).trim();
  }

  async close(): Promise<void> {
    await Promise.all(this.#managers.map((manager) => manager.close()));
    await stopEmbedded(this.data);
    if (!this.#isStranger) await Promise.all(Object.values(this.#running).map((simulator) => simulator.close()));
    rmSync(join(this.home, ".."), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** What a call is refused with. */
export async function failing(work: Promise<unknown>): Promise<APIError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(APIError);
  return error as APIError;
}
