import type { Changes } from "../../../controller/changes/changes.ts";
import type { Change, ChangeState } from "../../../controller/changes/types.ts";
import { createLog } from "../../../controller/jobs/log.ts";
import { Metrics } from "../../../controller/jobs/metrics.ts";
import { Service } from "../../../controller/jobs/service.ts";
import { type OpenController, openController } from "../../../controller/open.ts";
import type { FileEdit } from "../../../controller/repo/edits.ts";
import { standinPath } from "../../../simulators/standins/index.ts";
import type { Fleet } from "../../e2e/fleet.ts";

export const { signal } = new AbortController();

export const ANN = {
  id: "11111111-1111-4111-8111-111111111111",
  name: "Ann",
  email: "ann@example.org",
  role: "requester",
} as const;
export const OTTO = {
  id: "22222222-2222-4222-8222-222222222222",
  name: "Otto",
  email: "otto@example.org",
  role: "operator",
} as const;

/** A service in this process, with its changes. */
export class Desk {
  readonly controller: OpenController;
  readonly service: Service;
  readonly lines: string[];

  private constructor(controller: OpenController, service: Service, lines: string[]) {
    this.controller = controller;
    this.service = service;
    this.lines = lines;
  }

  static async start(fleet: Fleet): Promise<Desk> {
    const lines: string[] = [];
    const environment = { ...process.env, ...fleet.environment };
    let service: Service | undefined;
    const controller = await openController({
      fleetDir: fleet.dir,
      dataDir: fleet.dataDir,
      standIns: standinPath(),
      environment,
      progress: (event) => service?.progress(event),
    });
    controller.commits.follow("main");
    const settings = { branch: "main", pollMs: 500, driftMs: 0, keepDays: 1, retryMs: 1000, retryLimit: 3 };
    service = new Service(
      controller,
      settings,
      createLog((line) => lines.push(line), "json"),
      new Metrics(controller.store, () => []),
    );
    await service.start();
    const desk = new Desk(controller, service, lines);
    await desk.until(async () => (await service.unready()) === undefined);
    return desk;
  }

  get changes(): Changes {
    return this.service.changes;
  }

  async open(title: string, edits: FileEdit[], more: Partial<Parameters<Changes["open"]>[0]> = {}): Promise<Change> {
    return await this.changes.open({ title, edits, surface: "api", by: ANN, ...more }, signal);
  }

  /** Waits until the change is in one of these states. */
  async in(id: string, ...states: ChangeState[]): Promise<Change> {
    let change = await this.changes.get(id);
    await this.until(
      async () => {
        change = await this.changes.get(id);
        return states.includes(change.state);
      },
      () =>
        `${id} is ${change.state} (${change.reason}), not ${states.join(", ")}\n${this.lines.slice(-20).join("\n")}`,
    );
    return change;
  }

  async until(isSo: () => Promise<boolean>, words: () => string = () => "it never came"): Promise<void> {
    for (const end = Date.now() + 120_000; !(await isSo()); ) {
      if (Date.now() > end) throw new Error(words());
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  async close(): Promise<void> {
    await this.service.stop();
    await this.controller.close();
  }
}
