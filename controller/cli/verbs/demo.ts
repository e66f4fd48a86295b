import type { Serving } from "../../serving.ts";
import type { AppliedObject } from "../../store/types.ts";
import { endRuns, openPlace, type Place } from "../demo/place.ts";
import { request } from "../demo/request.ts";
import { type DemoResult, isAllWell } from "../demo/result.ts";
import { type DemoService, serveDemo } from "../demo/service.ts";
import { breakAndMend, change, converge, heading, look, type Stage } from "../demo/story.ts";
import { renderResult, renderStart, renderUse, type Victim } from "../demo/text.ts";
import { watch } from "../demo/watch.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { liveProgress } from "../render/progress.ts";
import { Interrupted, onInterrupt } from "../signals.ts";

export interface DemoFlags extends GlobalOptions {
  once?: boolean;
  /** Leave the temporary folder. */
  keep?: boolean;
}

/**
 * `fleetwright demo`: the whole way on nine simulated clouds. Exit 0 only if every server converged, what was executed was what was shown,
 * all drift was found and reverted, and a request by the API came to its end.
 */
export async function demoVerb(flags: DemoFlags, io: Io): Promise<number> {
  const began = performance.now();
  // With --json the last line of standard output is the only one.
  const told: Io = flags.json ? { ...io, out: io.err } : io;
  const interruption = onInterrupt();
  const view = liveProgress(told);
  let place: Place | undefined;
  let service: DemoService | undefined;
  let serving: Serving | undefined;
  try {
    told.out(
      told.color.bold(
        "Fleetwright demo: a fleet on nine simulated clouds. Nothing leaves this machine, nothing costs.",
      ),
    );
    told.out(heading(told, 1, "Set up: clouds and a fleet repository"));
    place = await openPlace((event) => {
      view.take(event);
      serving?.service.progress(event);
    });
    told.out(renderStart(place, told));
    await place.controller.engine();
    const stage: Stage = { ...place, io: told, view, signal: interruption.signal };
    const story = await tell(stage);
    service = await serveDemo(place, interruption.signal, (opened) => {
      serving = opened;
    });
    const requested = await request(stage, service);
    const result = await summary(stage, { ...story, requested }, began);
    told.out(heading(told, 6, "Summary"));
    told.out(renderResult(result, told));
    if (flags.json) io.out(JSON.stringify(result));
    if (!flags.once) {
      const [record] = await place.controller.store.objects({ kind: "Server" });
      told.out(renderUse(place, service, record && victimOf(record), told));
      await watch(stage);
    }
    return isAllWell(result) ? EXIT.ok : EXIT.error;
  } catch (error) {
    if (interruption.signal.aborted) throw new Interrupted();
    throw error;
  } finally {
    view.close();
    if (interruption.signal.aborted) told.err("\nstopping: ending the database and the clouds, removing the folder");
    // It would start runs anew that are ended below.
    const stopped = service?.stop().catch(() => undefined);
    if (place !== undefined) {
      if (interruption.signal.aborted) await endRuns(place.controller);
      await stopped;
      await place.close({ keep: flags.keep === true });
    }
    interruption.release();
  }
}

async function tell(stage: Stage): Promise<Pick<DemoResult, "effectHashMatched" | "drift">> {
  const first = await converge(stage);
  const second = await change(stage);
  const { effectHashMatched, drift } = await breakAndMend(stage);
  return { effectHashMatched: first && second && effectHashMatched, drift };
}

async function summary(
  stage: Stage,
  story: Pick<DemoResult, "effectHashMatched" | "drift" | "requested">,
  began: number,
): Promise<DemoResult> {
  const { desired, accounts } = await look(stage);
  const servers = desired.objects.filter(({ spec }) => spec.kind === "Server").length;
  const converged = accounts.reduce((sum, account) => {
    return account.error === undefined ? sum + account.servers - account.drifted.length : sum;
  }, 0);
  const machines = Object.entries(await stage.clouds.machines());
  return {
    servers,
    converged,
    clouds: Object.fromEntries(machines.map(([cloud, { length }]) => [cloud, length])),
    ...story,
    seconds: Math.round((performance.now() - began) / 100) / 10,
  };
}

function victimOf({ name, cloudId, document }: AppliedObject): Victim | undefined {
  return cloudId === undefined ? undefined : { name, id: cloudId, cloud: document.provider };
}
