import { setTimeout as delay } from "node:timers/promises";
import type { Change, ChangeState } from "../../changes/types.ts";
import { seconds } from "../../words/time.ts";
import type { Io } from "../io.ts";
import { Remote } from "../remote/client.ts";
import { renderEffects } from "../render/effect.ts";
import type { DemoService } from "./service.ts";
import { heading, type Stage } from "./story.ts";

/** What is asked for, and of which server. */
const PATH = "/servers/api-1";
const PATCH = { labels: { release: "blue" } };
/** Nothing goes on from here by itself. */
const AT_REST: readonly ChangeState[] = ["converged", "closed", "stale", "previewed", "needs-approval"];
const LOOK_MS = 300;

/** Asks the API for something, approves what it shows, and waits until it is so. Answers whether it came to that. */
export async function request({ io, signal, view }: Stage, { url, token }: DemoService): Promise<boolean> {
  const { color } = io;
  io.out(heading(io, 5, "Request: by the API, as a change that is shown, approved, and only then executed"));
  const api = new Remote(new URL(url), token);

  io.out(`  PATCH /fleet/v1${PATH}  ${JSON.stringify(PATCH)}`);
  const opened = await api.patch<Change>(PATH, PATCH);
  const shown = await view.during("previewing", atRest(api, opened, signal));
  const path = `/changes/${shown.id}`;
  if (shown.state !== "needs-approval" || shown.preview === undefined) return stuck(shown, io);
  const { preview } = shown;
  io.out(`  ${color.bold(shown.id)} would do this, and waits for somebody to approve it:`);
  io.out(["", ...renderEffects(preview.effects, io), ""].join("\n"));

  const began = performance.now();
  const approval = { hashes: [preview.hash] };
  io.out(`  POST /fleet/v1${path}/approve  ${JSON.stringify(approval)}`);
  const { approvals } = await api.post<Change>(`${path}/approve`, approval);
  io.out(color.dim(`  Approved by ${approvals.at(-1)?.by}`));
  io.out(`  POST /fleet/v1${path}/execute`);
  const executing = await api.post<Change>(`${path}/execute`, undefined);
  const done = await view.during("executing exactly that", atRest(api, executing, signal));
  if (done.state !== "converged") return stuck(done, io);
  const took = seconds(performance.now() - began);
  io.out(`${color.green("✓")} ${done.id} converged, as commit ${done.merged?.slice(0, 10)}, in ${took}`);
  return true;
}

function stuck({ id, state, reason }: Change, io: Io): boolean {
  io.out(io.color.red(`✗ ${id} is ${state}${reason ? `: ${reason}` : ""}`));
  return false;
}

async function atRest(api: Remote, change: Change, signal: AbortSignal): Promise<Change> {
  let now = change;
  while (!AT_REST.includes(now.state)) {
    await delay(LOOK_MS, undefined, { signal });
    now = await api.get<Change>(`/changes/${change.id}`);
  }
  return now;
}
