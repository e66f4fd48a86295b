import { resolve } from "node:path";
import { seconds } from "../../words/time.ts";
import type { Io } from "../io.ts";
import { assignment } from "../simulated.ts";
import type { Place } from "./place.ts";
import type { DemoResult } from "./result.ts";
import { isAllWell } from "./result.ts";
import type { DemoService } from "./service.ts";

const COMMAND = resolve(import.meta.dirname, "../../../bin/fleetwright");

/** What the demo stands on, and what in it is not the real thing. */
export function renderStart({ clouds, fleet }: Pick<Place, "clouds" | "fleet">, { color }: Io): string {
  const missing = Object.entries(clouds.missing);
  const width = Math.max(...Object.keys(clouds.urls).map((name) => name.length));
  return [
    ...Object.entries(clouds.urls).map(
      ([name, url]) => `  ${name.padEnd(width)}  ${color.cyan(url)}  ${color.dim("simulated")}`,
    ),
    ...missing.map(([name, why]) => `  ${name.padEnd(width)}  ${color.yellow(`left out: ${why}`)}`),
    `  ${"fleet".padEnd(width)}  ${fleet}`,
    color.dim("  The engine is the real one. In place of the official plugins of five clouds, which are downloaded in"),
    color.dim("  production, stand-ins run that make the same requests."),
  ].join("\n");
}

export function renderResult(result: DemoResult, { color }: Io): string {
  const { servers, converged, clouds, effectHashMatched, drift, requested } = result;
  const tick = (good: boolean) => (good ? color.green("✓") : color.red("✗"));
  const machines = Object.entries(clouds)
    .map(([cloud, count]) => `${cloud} ${count}`)
    .join(", ");
  return [
    `  ${tick(converged === servers)} ${converged} of ${servers} servers as the files say: ${machines}`,
    `  ${tick(effectHashMatched)} ${effectHashMatched ? "What ran was what was shown: every effect hash matched" : "What ran was not what was shown"}`,
    `  ${tick(requested)} ${requested ? "A request by the API was shown, approved and executed" : "The request by the API came to no end"}`,
    `  ${tick(drift.found === drift.injected && drift.reverted === drift.injected)} Drift: ${drift.injected} injected, ${drift.found} found, ${drift.reverted} reverted`,
    "",
    isAllWell(result)
      ? color.green(`All well, in ${seconds(result.seconds * 1000)}.`)
      : color.red(`Not all is well, after ${seconds(result.seconds * 1000)}.`),
  ].join("\n");
}

/** Names the demo's folder in the environment of what is run beside it. */
export const DEMO_VARIABLE = "FLEETWRIGHT_DEMO";

/** A file for another terminal's shell: what the controller needs in its environment, and `fw` for the command on this fleet. */
export function shellFile(place: Pick<Place, "dir" | "clouds" | "fleet" | "data">): string {
  // By the variable the demo finds what still runs when it ends.
  const fw = `fw() { ${assignment(DEMO_VARIABLE, place.dir)} ${command(place)} "$@"; }`;
  return `${[...exports(place), fw].join("\n")}\n`;
}

/** A machine to try drift on. */
export interface Victim {
  cloud: string;
  id: string;
  name: string;
}

/** How to go on in another terminal. */
export function renderUse(place: Place, service: DemoService, victim: Victim | undefined, { color }: Io): string {
  const rows = [
    [`. ${place.shell}`, "# what is below, and fw"],
    ["fw status", "# what is recorded"],
    [`cd ${place.fleet}`, "# change a file, git commit, then"],
    ["fw preview; fw apply", "# see it, and do it"],
    ["fw changes", "# what was asked for, and what became of it"],
  ];
  if (victim !== undefined) {
    const { cloud, id, name } = victim;
    rows.push(
      [
        `curl -X DELETE ${place.clouds.urls[cloud]}/_simulator/servers/${encodeURIComponent(id)}`,
        `# ${name} is gone, then`,
      ],
      ["fw drift --revert", "# it is made anew"],
    );
  }
  rows.push([documentedCall(service), "# clients of documented services work: docs/dialects.md"]);
  const width = Math.max(...rows.map(([text]) => (text!.length < LONGEST_ROW ? text!.length : 0)));
  return [
    "",
    color.bold("It stays up until Ctrl-C. The page and the API:"),
    `  ${color.cyan(`${service.url}/ui`)}  sign in as ${service.email} with ${service.password}`,
    color.dim(
      `  the API is described at ${service.url}/fleet/v1/docs; what the service does is told in ${place.dir}/serve.log`,
    ),
    "",
    color.bold("In another terminal:"),
    ...rows.map(([text, why]) => `  ${text!.padEnd(width)}  ${color.dim(why!)}`),
    "",
    color.dim("The environment, and what fw stands for:"),
    ...[...exports(place), command(place)].map((line) => color.dim(`  ${line}`)),
    "",
  ].join("\n");
}

/** A request to the multi-cloud VPS API as its document has it, for whoever pastes it. */
function documentedCall({ url, token }: Pick<DemoService, "url" | "token">): string {
  const body = {
    provider_type: "linode",
    label: "by-curl",
    type: "g6-nanode-1",
    region: "us-east",
    image: "linode/debian12",
  };
  const headers = [`Authorization: Bearer ${token}`, "Content-Type: application/json"];
  return `curl -s ${url}/api/vps ${headers.map((one) => `-H '${one}'`).join(" ")} -d '${JSON.stringify(body)}'`;
}

/** What is longer has its words behind it wherever it ends. */
const LONGEST_ROW = 120;

function exports({ clouds }: Pick<Place, "clouds">): string[] {
  return Object.entries(clouds.environment).map(([name, value]) => `export ${assignment(name, value)}`);
}

function command({ fleet, data }: Pick<Place, "fleet" | "data">): string {
  return `${COMMAND} --stand-ins --fleet ${fleet} --data ${data}`;
}
