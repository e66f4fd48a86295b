import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { SimulatorClient } from "../../simulators/client.ts";
import { DIGITALOCEAN_TOKEN } from "../../simulators/digitalocean/index.ts";
import { LINODE_TOKEN } from "../../simulators/linode/index.ts";
import { PROXMOX_TOKEN } from "../../simulators/proxmox/index.ts";
import type { SimulatedServer, SimulatorOptions } from "../../simulators/simulator.ts";

export const CLOUDS = ["linode", "digitalocean", "proxmox"] as const;
export type CloudName = (typeof CLOUDS)[number];

/** What the simulators accept; tests that look for leaks give tokens of their own. */
export const TOKENS: Record<CloudName, string> = {
  linode: LINODE_TOKEN,
  digitalocean: DIGITALOCEAN_TOKEN,
  proxmox: PROXMOX_TOKEN,
};

/** Quick, and with limits that renew quickly: what is tested here is not the waiting. */
const QUICK: SimulatorOptions = { provisionMs: 300, actionMs: 100, rateScale: 60 };

/** The three simulated clouds, in one process that outlives every controller of a test. */
export class Clouds {
  readonly tokens: Record<CloudName, string>;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #urls: Record<CloudName, string> = { linode: "", digitalocean: "", proxmox: "" };
  #clients: Partial<Record<CloudName, SimulatorClient>> = {};

  private constructor(process: ChildProcess, tokens: Record<CloudName, string>) {
    this.#process = process;
    this.tokens = tokens;
    this.#lines = createInterface({ input: process.stdout! })[Symbol.asyncIterator]();
  }

  static async start(options: SimulatorOptions = {}, tokens: Record<CloudName, string> = TOKENS): Promise<Clouds> {
    const main = join(import.meta.dirname, "simulators-main.ts");
    const child = spawn(process.execPath, [main], { stdio: ["pipe", "pipe", "inherit"] });
    const clouds = new Clouds(child, tokens);
    await clouds.reset(options);
    return clouds;
  }

  /** Empty clouds at the addresses they had. */
  async reset(options: SimulatorOptions = {}): Promise<void> {
    const wanted = CLOUDS.map((cloud) => {
      const port = Number(new URL(this.#urls[cloud] || "http://127.0.0.1:0").port);
      return [cloud, { ...QUICK, ...options, port, token: this.tokens[cloud] }] as const;
    });
    this.#process.stdin!.write(`${JSON.stringify(Object.fromEntries(wanted))}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the simulators have ended");
    this.#urls = JSON.parse(value) as Record<CloudName, string>;
    this.#clients = Object.fromEntries(CLOUDS.map((cloud) => [cloud, new SimulatorClient(this.#urls[cloud])]));
  }

  url(cloud: CloudName): string {
    return this.#urls[cloud];
  }

  of(cloud: CloudName): SimulatorClient {
    return this.#clients[cloud]!;
  }

  async servers(): Promise<(SimulatedServer & { cloud: CloudName })[]> {
    const lists = await Promise.all(
      CLOUDS.map(async (cloud) => (await this.of(cloud).servers()).map((server) => ({ ...server, cloud }))),
    );
    return lists.flat();
  }

  /** The one machine of this name. */
  async server(name: string): Promise<SimulatedServer & { cloud: CloudName }> {
    const found = (await this.servers()).filter((server) => server.name === name);
    if (found.length !== 1) throw new Error(`${found.length} machines are named ${name}`);
    return found[0]!;
  }

  /** Requests since the last `forgetCalls` that change something, as `POST /v4/linode/instances 200`. */
  async writes(): Promise<string[]> {
    const counts = await Promise.all(CLOUDS.map((cloud) => this.of(cloud).calls()));
    return counts
      .flat()
      .filter(({ method, route }) => method !== "GET" && method !== "HEAD" && !route.endsWith("/access/ticket"))
      .flatMap(({ method, route, status, count }) => Array<string>(count).fill(`${method} ${route} ${status}`));
  }

  async forgetCalls(): Promise<void> {
    await Promise.all(CLOUDS.map((cloud) => this.of(cloud).resetCalls()));
  }

  async clearFaults(): Promise<void> {
    await Promise.all(CLOUDS.map((cloud) => this.of(cloud).clearFaults()));
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await ended;
  }
}

/** Requests that make a machine, as `writes` tells them. */
export const isCreate = (call: string): boolean =>
  /^POST (\/v4\/linode\/instances|\/v2\/droplets|\/api2\/json\/nodes\/:\w+\/qemu(\/:\w+\/clone)?) /.test(call);

/** Requests that remove a machine or make it anew. */
export const isRemoval = (call: string): boolean =>
  /^DELETE (\/v4\/linode\/instances\/:\w+|\/v2\/droplets(\/:\w+)?|\/api2\/json\/nodes\/:\w+\/qemu\/:\w+) /.test(call) ||
  /^POST \/v4\/linode\/instances\/:\w+\/rebuild /.test(call);
