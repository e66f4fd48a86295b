import type { Io } from "../io.ts";
import { seconds } from "../render/time.ts";
import { assignment, SIMULATED } from "../simulated.ts";
import type { Place } from "./place.ts";
import type { DemoResult } from "./result.ts";
import { isAllWell } from "./result.ts";

/** What the demo stands on, and what in it is not the real thing. */
export function renderStart({ clouds, fleet }: Pick<Place, "clouds" | "fleet">, { color }: Io): string {
  const width = Math.max(...Object.keys(clouds.urls).map((name) => name.length));
  return [
    ...Object.entries(clouds.urls).map(
      ([name, url]) => `  ${name.padEnd(width)}  ${color.cyan(url)}  ${color.dim("simulated")}`,
    ),
    `  ${"fleet".padEnd(width)}  ${fleet}`,
    color.dim("  The engine is the real one. In place of the official Linode and DigitalOcean plugins, which are"),
    color.dim("  downloaded in production, stand-ins run that make the same requests."),
  ].join("\n");
}

export function renderResult(result: DemoResult, { color }: Io): string {
  const { servers, converged, clouds, effectHashMatched, drift } = result;
  const tick = (good: boolean) => (good ? color.green("✓") : color.red("✗"));
  const machines = Object.entries(clouds)
    .map(([cloud, count]) => `${cloud} ${count}`)
    .join(", ");
  return [
    `  ${tick(converged === servers)} ${converged} of ${servers} servers as the files say: ${machines}`,
    `  ${tick(effectHashMatched)} ${effectHashMatched ? "What ran was what was shown: every effect hash matched" : "What ran was not what was shown"}`,
    `  ${tick(drift.found === drift.injected && drift.reverted === drift.injected)} Drift: ${drift.injected} injected, ${drift.found} found, ${drift.reverted} reverted`,
    "",
    isAllWell(result)
      ? color.green(`All well, in ${seconds(result.seconds * 1000)}.`)
      : color.red(`Not all is well, after ${seconds(result.seconds * 1000)}.`),
  ].join("\n");
}

/** How to go on in another terminal. */
export function renderUse({ clouds, fleet, data }: Pick<Place, "clouds" | "fleet" | "data">, { color }: Io): string {
  const command = `fleetwright --fleet ${fleet} --data ${data} --stand-ins`;
  return [
    "",
    color.bold("It stays up until Ctrl-C. In another terminal:"),
    ...Object.entries(clouds.environment).map(([name, value]) => `  export ${assignment(name, value)}`),
    `  alias fw='${command.replace("fleetwright", `${process.cwd()}/bin/fleetwright`)}'`,
    `  fw status`,
    `  cd ${fleet}   ${color.dim("# edit a file, git commit, then")}`,
    `  fw preview && fw apply`,
    `  curl -X DELETE ${clouds.urls[Object.keys(SIMULATED)[0]!]}/_simulator/servers/ID   ${color.dim("# break something, then")}`,
    `  fw drift --revert`,
    "",
  ].join("\n");
}
