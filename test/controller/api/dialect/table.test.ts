import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { SPOT_DESCRIPTION } from "../../../../controller/api/spot/openapi.ts";
import { SPOT_ROUTES } from "../../../../controller/api/spot/routes.ts";
import { VPS_ROUTES } from "../../../../controller/api/vps/routes.ts";
import { ProviderManager } from "../../../../controller/capsule/manager.ts";
import { Provider } from "../../../../controller/capsule/provider.ts";

const README = join(import.meta.dirname, "../../../../README.md");
const BEGIN = "<!-- documented services -->\n";
const END = "<!-- /documented services -->";

interface Documented {
  kind: "http" | "function" | "job";
  method: string;
  path: string;
}

const documented = (name: string): Documented[] =>
  JSON.parse(readFileSync(join(import.meta.dirname, `endpoints/${name}.json`), "utf8"));

/** `GET /api/vps/{}`: whatever the parameters are called. */
const routeOf = ({ method, path }: Pick<Documented, "method" | "path">): string =>
  `${method.toUpperCase()} ${path.replace(/:\w+|\{\w+\}/g, "{}")}`;

/** What a function of the document is called here: `Provider.deploy(template_id, config)`. */
function hasFunction({ path }: Documented): boolean {
  const [, owner, name] = /^(\w+)(?:\.(\w+))?\(/.exec(path)!;
  const of = owner === "ProviderManager" ? ProviderManager : Provider;
  return name === undefined || typeof of.prototype[name as keyof typeof of.prototype] === "function";
}

function answeredBy(routes: readonly Pick<Documented, "method" | "path">[], what: readonly Documented[]): number {
  const known = new Set(routes.map(routeOf));
  return what.filter((one) => known.has(routeOf(one))).length;
}

function table(): string {
  const endpoints = (name: string) => documented(name).filter(({ kind }) => kind === "http");
  const [vps, spot] = [endpoints("vps"), endpoints("spot")];
  const capsule = documented("capsule");
  return [
    "| service | of the documented | are here | description | page |",
    "|---|---|---|---|---|",
    `| multi-cloud VPS API | ${vps.length} endpoints | ${answeredBy(VPS_ROUTES, vps)} | \`/openapi/vps.json\` | [docs/vps-api.md](docs/vps-api.md) |`,
    `| OpenStack spot manager | ${spot.length} endpoints | ${answeredBy(SPOT_ROUTES, spot)} | \`${SPOT_DESCRIPTION}\` | [docs/spot-manager.md](docs/spot-manager.md) |`,
    `| capsule | ${capsule.length} functions | ${capsule.filter(hasFunction).length} | types of \`fleetwright/capsule\` | [docs/capsule.md](docs/capsule.md) |`,
    "",
  ].join("\n");
}

it("the README tells how much of each documented service is here", () => {
  const readme = readFileSync(README, "utf8");
  const [before, rest] = readme.split(BEGIN);
  const [told, after] = rest!.split(END);
  if (process.env.README_TABLE === "write") writeFileSync(README, before + BEGIN + table() + END + after);

  expect(told).toBe(table());
});
