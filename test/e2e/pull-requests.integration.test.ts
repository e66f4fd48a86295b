import { execFileSync } from "node:child_process";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forgeKey } from "../../controller/forge/open.ts";
import type { Role } from "../../controller/people/principal.ts";
import { openStore } from "../../controller/store/open.ts";
import { ENDPOINTS_VARIABLE } from "../../resources/endpoints.ts";
import { Gitea, type GiteaUser, giteaMissing } from "../gitea/server.ts";
import { CLOUDS, Clouds } from "./clouds.ts";
import { ACCOUNT, accountFile, Fleet, server as keyed } from "./fleet.ts";
import { Serving } from "./serving.ts";

/** Pull requests at a real Gitea, previewed and executed by the real service and engine on simulated clouds. */
const TIMEOUT = 480_000;
const SECRET = "a-forge-secret-of-this-test";
const REPOSITORY = "fleet-bot/fleet";
/** So long that only the webhook can be what made it look. */
const SELDOM = ["--poll-seconds", "600", "--drift-seconds", "0", "--retry-seconds", "1"];

const server = (name: string, changes: object = {}) => keyed("linode", name, { keys: [], ...changes });

interface Comment {
  id: number;
  user: { login: string };
  body: string;
}

let clouds: Clouds;
let gitea: Gitea;
let fleet: Fleet;
let clone: string;
let serving: Serving;
let bot: GiteaUser;
let ann: GiteaUser;
let otto: GiteaUser;
let vera: GiteaUser;
let eve: GiteaUser;
/** What Gitea has called, before it is passed on to the service. */
const deliveries: { headers: IncomingHttpHeaders; body: string }[] = [];
let relay: Server;
/** A server that somebody would like to be taken for a cloud. */
let stranger: Server;
const strange: string[] = [];

async function listening(answer: Parameters<typeof createServer>[1]): Promise<Server> {
  const made = createServer(answer!);
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return made;
}
const urlOf = (of: Server): string => `http://127.0.0.1:${(of.address() as AddressInfo).port}`;

async function passOn({ headers, body }: (typeof deliveries)[number]): Promise<number> {
  const kept = Object.entries(headers).filter(([name]) => /^(x-|content-type)/.test(name)) as [string, string][];
  return (await fetch(`${await serving.url()}/hooks/forge`, { method: "POST", body, headers: kept })).status;
}

const forgeFile = (poll: string) => ({
  kind: "Fleet",
  id: "pulls",
  approval: "required",
  forge: { kind: "gitea", url: gitea.url, repository: REPOSITORY, token: { env: "FLEETWRIGHT_FORGE_TOKEN" }, poll },
});

beforeAll(async () => {
  if (giteaMissing !== undefined) return;
  [clouds, gitea] = await Promise.all([Clouds.start(), Gitea.start()]);
  bot = await gitea.user("fleet-bot");
  ann = await gitea.user("ann");
  otto = await gitea.user("otto");
  vera = await gitea.user("vera");
  eve = await gitea.user("eve");
  await gitea.repository(bot, "fleet");
  for (const { name } of [ann, otto])
    await gitea.ask(bot, "PUT", `/repos/${REPOSITORY}/collaborators/${name}`, { permission: "write" });

  // Each account at its own address, and at no other; the forge as well.
  const bound = CLOUDS.map((cloud) => `${ACCOUNT[cloud]}=${clouds.url(cloud)}`).join(",");
  const forge = { FLEETWRIGHT_FORGE_TOKEN: bot.token, FLEETWRIGHT_FORGE_TOKEN_ENDPOINT: gitea.url };
  fleet = new Fleet(clouds, { id: "pulls", environment: { [ENDPOINTS_VARIABLE]: bound, ...forge } });
  fleet.write({
    "fleet.yaml": forgeFile("1h"),
    "servers/web-1.yaml": server("web-1"),
    "servers/web-2.yaml": server("web-2"),
  });
  fleet.commit("Begin");
  fleet.git("remote", "add", "origin", gitea.remote(bot, REPOSITORY));
  fleet.git("push", "-q", "-u", "origin", "main");
  await fleet.converge();
  clone = join(fleet.root, "clone");
  execFileSync("git", ["clone", "-q", gitea.remote(bot, REPOSITORY), clone]);
  await link(ann, "requester");
  await link(otto, "operator");
  await link(vera, "viewer");

  relay = await listening(async (request, response) => {
    const delivery = { headers: request.headers, body: (await request.toArray()).join("") };
    deliveries.push(delivery);
    response.writeHead(await passOn(delivery)).end();
  });
  stranger = await listening((request, response) => {
    strange.push(`${request.method} ${request.url} ${request.headers.authorization ?? ""}`);
    response.writeHead(404).end();
  });
  const events = ["pull_request", "pull_request_sync", "issue_comment", "pull_request_comment"];
  await gitea.hook(bot, REPOSITORY, { url: `${urlOf(relay)}/`, secret: SECRET, events });
  serving = new Serving(fleet, clone, SELDOM, { FLEETWRIGHT_FORGE_SECRET: SECRET });
  await serving.line("its first look", ({ msg }) => msg === "new commit");
}, TIMEOUT);

afterAll(async () => {
  await serving?.end("SIGKILL");
  relay?.closeAllConnections();
  relay?.close();
  stranger?.close();
  await fleet?.close();
  await Promise.all([gitea?.close(), clouds?.close()]);
});

/** An admin says who somebody at the forge is. */
async function link({ id, name, email }: GiteaUser, role: Role): Promise<void> {
  const store = await openStore({ dataDir: fleet.dataDir });
  const user = await store.people.addUser({ name, email, role }, { action: "user.added" });
  const key = forgeKey({ kind: "gitea", url: gitea.url, repository: REPOSITORY });
  await store.putForgeLogin(
    { forge: key, id: String(id), name, user: user.id, by: "test" },
    { action: "forge.linked" },
  );
  await store.close();
}

/** Pushes files on a branch that goes out from the main line; answers its head. */
function push(
  as: GiteaUser,
  repository: string,
  branch: string,
  files: Record<string, string | object | null>,
): string {
  fleet.git("fetch", "-q", "origin");
  fleet.git("checkout", "-q", "-B", "work", "origin/main");
  fleet.write(files);
  const head = fleet.commit(`Change ${Object.keys(files).join(", ")}`);
  const to = [gitea.remote(as, repository), `HEAD:refs/heads/${branch}`];
  // What Gitea says beside it is for people.
  execFileSync("git", ["push", "-q", "-f", ...to], { cwd: fleet.dir, stdio: "pipe" });
  return head;
}

async function open(as: GiteaUser, head: string): Promise<number> {
  const pull = { title: `Change by ${as.name}`, head, base: "main" };
  return (await gitea.ask(as, "POST", `/repos/${REPOSITORY}/pulls`, pull)).number;
}

const say = async (as: GiteaUser, pull: number, body: string): Promise<void> =>
  await gitea.ask(as, "POST", `/repos/${REPOSITORY}/issues/${pull}/comments`, { body });

async function said(pull: number): Promise<Comment[]> {
  const all: Comment[] = await gitea.ask(bot, "GET", `/repos/${REPOSITORY}/issues/${pull}/comments`);
  return all.filter(({ user }) => user.login === bot.name);
}

/** The one comment about a pull request and the status of its head, once they are so. */
async function shows(pull: number, words: string, status: string): Promise<Comment> {
  const look = async () => {
    const { head } = await gitea.ask(bot, "GET", `/repos/${REPOSITORY}/pulls/${pull}`);
    const { statuses } = await gitea.ask(bot, "GET", `/repos/${REPOSITORY}/commits/${head.sha}/status`);
    const told = (await said(pull)).filter(({ body }) => body.includes(`pull ${pull} -->`));
    return {
      told,
      status: (statuses ?? [])
        .map((one: { status: string; description: string }) => `${one.status}: ${one.description}`)
        .join(),
    };
  };
  const isSo = ({ told, status: is }: Awaited<ReturnType<typeof look>>) =>
    told.some(({ body }) => body.includes(words)) && is.startsWith(status);
  let last = await look();
  for (const end = performance.now() + 120_000; !isSo(last) && performance.now() < end; last = await look())
    await new Promise((resolve) => setTimeout(resolve, 100));
  if (!isSo(last))
    throw new Error(
      `not "${words}", "${status}" but ${JSON.stringify(last)}\n${serving.lines
        .slice(-15)
        .map((line) => JSON.stringify(line))
        .join("\n")}`,
    );
  expect(last.told).toHaveLength(1);
  return last.told[0]!;
}

async function answers(pull: number, words: string): Promise<void> {
  await expect
    .poll(async () => (await said(pull)).map(({ body }) => body).join("\n"), { timeout: 120_000, interval: 100 })
    .toContain(words);
}

const hashIn = ({ body }: Comment): string => /fleetwright approve ([0-9a-f]+)/.exec(body)![1]!;

const calls = async (): Promise<number> =>
  (await Promise.all(CLOUDS.map((cloud) => clouds.of(cloud).calls())))
    .flat()
    .reduce((sum, { count }) => sum + count, 0);

describe.skipIf(giteaMissing !== undefined)(
  `pull requests at a Gitea${giteaMissing ? ` (${giteaMissing})` : ""}`,
  () => {
    it(
      "are told in one comment, approved by whoever may, and executed as approved when they are merged",
      async () => {
        await clouds.forgetCalls();
        push(ann, REPOSITORY, "size", { "servers/web-1.yaml": server("web-1", { size: "g6-standard-1" }) });
        const pull = await open(ann, "size");
        const first = await shows(pull, "1 effect, 1 to be approved", "pending: 1 of 1 effect to be approved");
        expect(first.body).toMatch(/\| update \| `web-1` \|.*g6-standard-1/);
        expect(first.body).toContain("a month");

        push(ann, REPOSITORY, "size", { "servers/web-1.yaml": server("web-1", { size: "g6-standard-2" }) });
        const second = await shows(pull, "g6-standard-2", "pending");
        expect(second.id).toBe(first.id);
        expect(hashIn(second)).not.toBe(hashIn(first));

        await say(eve, pull, `fleetwright approve ${hashIn(second)}`);
        await answers(pull, "eve is nobody of this fleet");
        await say(vera, pull, `fleetwright approve ${hashIn(second)}`);
        await answers(pull, "this is for the role approver, and yours is viewer");
        await say(otto, pull, `fleetwright approve ${hashIn(first)}`);
        await answers(pull, "this is not what");
        await say(otto, pull, `fleetwright approve ${hashIn(second)}`);
        await shows(pull, "1 effect, approved", "success");
        expect(await clouds.writes()).toEqual([]);
        const untouched = await clouds.server("web-2");

        await gitea.ask(ann, "POST", `/repos/${REPOSITORY}/pulls/${pull}/merge`, { Do: "merge" });
        const done = await shows(pull, "1 effect, done", "success");

        expect(done.id).toBe(first.id);
        expect((await clouds.server("web-1")).size).toBe("g6-standard-2");
        expect(await clouds.server("web-2")).toEqual(untouched);
        expect(JSON.stringify([serving.lines, await said(pull)])).not.toContain(bot.token);
      },
      TIMEOUT,
    );

    it(
      "of a fork are only checked, with no call of any cloud, until an operator has said which head may be previewed",
      async () => {
        await gitea.ask(eve, "POST", `/repos/${REPOSITORY}/forks`, {});
        await clouds.forgetCalls();
        const head = push(eve, "eve/fleet", "more", { "servers/web-3.yaml": server("web-3") });
        const pull = await open(eve, "eve:more");

        const waits = await shows(pull, "the files are valid; it waits for an operator", "pending: valid");
        await say(ann, pull, `fleetwright preview ${head}`);
        await answers(pull, "this is for the role operator, and yours is requester");
        expect(waits.body).toContain("it comes from a fork");
        expect(await calls()).toBe(0);

        await say(otto, pull, `fleetwright preview ${head}`);
        const shown = await shows(pull, "1 effect, 1 to be approved", "pending");

        expect(shown.body).toMatch(/\| create \| `web-3` \|/);
        expect(await calls()).toBeGreaterThan(0);
      },
      TIMEOUT,
    );

    it(
      "that lead an account to a server of their own are only checked, and no token goes there when an operator has them previewed",
      async () => {
        await clouds.forgetCalls();
        const account = { ...accountFile(clouds, "linode", 2), endpoint: urlOf(stranger) };
        const head = push(ann, REPOSITORY, "endpoint", {
          [`accounts/${ACCOUNT.linode}.yaml`]: account,
          "servers/web-4.yaml": server("web-4"),
        });
        const pull = await open(ann, "endpoint");

        const waits = await shows(pull, "the files are valid; it waits for an operator", "pending: valid");
        expect(waits.body).toContain(`it changes accounts/${ACCOUNT.linode}.yaml`);
        expect(await calls()).toBe(0);

        await say(otto, pull, `fleetwright preview ${head}`);
        await shows(pull, "it does not fit", "failure");

        expect(strange).toEqual([]);
      },
      TIMEOUT,
    );

    it(
      "are looked at once for each call of the webhook: what is called again, or signed by somebody else, is refused",
      async () => {
        const delivery = deliveries[0]!;

        expect(await passOn(delivery)).toBe(409);
        const renamed = { ...delivery.headers, "x-gitea-delivery": "another" };
        expect(await passOn({ ...delivery, headers: renamed })).toBe(409);
        expect(await passOn({ ...delivery, body: `${delivery.body} ` })).toBe(401);
      },
      TIMEOUT,
    );

    it(
      "are found by looking alone where no webhook calls",
      async () => {
        const hooks = await gitea.ask(bot, "GET", `/repos/${REPOSITORY}/hooks`);
        for (const { id } of hooks) await gitea.ask(bot, "DELETE", `/repos/${REPOSITORY}/hooks/${id}`);
        const before = deliveries.length;
        push(bot, REPOSITORY, "main", { "fleet.yaml": forgeFile("1s") });
        expect(await serving.end()).toBe(0);
        serving = new Serving(fleet, clone, ["--poll-seconds", "1", "--drift-seconds", "0"]);

        push(ann, REPOSITORY, "labels", { "servers/web-2.yaml": server("web-2", { labels: { env: "live" } }) });
        const pull = await open(ann, "labels");
        const shown = await shows(pull, "1 effect, 1 to be approved", "pending");
        await say(otto, pull, `fleetwright approve ${hashIn(shown)}`);
        await shows(pull, "1 effect, approved", "success");
        expect(deliveries).toHaveLength(before);
      },
      TIMEOUT,
    );
  },
);
