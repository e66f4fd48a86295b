import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { FleetError } from "../../../resources/errors.ts";
import type { Change, ChangeState } from "../../changes/types.ts";
import type { Io } from "../io.ts";
import { renderEffects } from "../render/effect.ts";
import { seconds } from "../render/time.ts";
import type { DemoService } from "./service.ts";
import { heading, type Stage } from "./story.ts";

/** What is asked for, and of which server. */
const PATH = "/fleet/v1/servers/api-1";
const PATCH = { labels: { release: "blue" } };
/** Nothing goes on from here by itself. */
const AT_REST: readonly ChangeState[] = ["converged", "closed", "stale", "previewed", "needs-approval"];
const LOOK_MS = 300;

type Ask = <T = Change>(method: string, path: string, body?: object) => Promise<T>;

/** Asks the API for something, approves what it shows, and waits until it is so. Answers whether it came to that. */
export async function request({ io, signal, view }: Stage, service: DemoService): Promise<boolean> {
  const { color } = io;
  io.out(heading(io, 5, "Request: by the API, as a change that is shown, approved, and only then executed"));
  const { email, password, url } = service;
  const { accessToken } = await client(url, signal)<{ accessToken: string }>("POST", "/fleet/v1/tokens", {
    email,
    password,
  });
  const ask = client(url, signal, accessToken);

  io.out(`  PATCH ${PATH}  ${JSON.stringify(PATCH)}`);
  const opened = await ask("PATCH", PATH, PATCH);
  const shown = await view.during("previewing", atRest(ask, opened, signal));
  const change = `/fleet/v1/changes/${shown.id}`;
  if (shown.state !== "needs-approval" || shown.preview === undefined) return stuck(shown, io);
  const { preview } = shown;
  io.out(`  ${color.bold(shown.id)} would do this, and waits for somebody to approve it:`);
  io.out(["", ...renderEffects(preview.effects, io), ""].join("\n"));

  const began = performance.now();
  io.out(`  POST ${change}/approve  ${JSON.stringify({ hashes: [preview.hash] })}`);
  const { approvals } = await ask("POST", `${change}/approve`, { hashes: [preview.hash] });
  io.out(color.dim(`  Approved by ${approvals.at(-1)?.by}`));
  io.out(`  POST ${change}/execute`);
  const executing = await ask("POST", `${change}/execute`);
  const done = await view.during("executing exactly that", atRest(ask, executing, signal));
  if (done.state !== "converged") return stuck(done, io);
  const took = seconds(performance.now() - began);
  io.out(`${color.green("✓")} ${done.id} converged, as commit ${done.merged?.slice(0, 10)}, in ${took}`);
  return true;
}

function stuck({ id, state, reason }: Change, io: Io): boolean {
  io.out(io.color.red(`✗ ${id} is ${state}${reason ? `: ${reason}` : ""}`));
  return false;
}

async function atRest(ask: Ask, change: Change, signal: AbortSignal): Promise<Change> {
  let now = change;
  while (!AT_REST.includes(now.state)) {
    await delay(LOOK_MS, undefined, { signal });
    now = await ask("GET", `/fleet/v1/changes/${change.id}`);
  }
  return now;
}

/** @throws {FleetError} USAGE with what the API answers when it refuses */
function client(url: string, signal: AbortSignal, token?: string): Ask {
  return async <T>(method: string, path: string, body?: object) => {
    const headers = {
      "content-type": "application/json",
      "idempotency-key": randomUUID(),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const text = body === undefined ? null : JSON.stringify(body);
    const answer = await fetch(`${url}${path}`, { method, headers, body: text, signal });
    const given = await answer.json();
    if (answer.ok) return given as T;
    throw new FleetError("USAGE", `${method} ${path} answered ${answer.status}: ${JSON.stringify(given)}`, {});
  };
}
