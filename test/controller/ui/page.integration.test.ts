import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { mayAs, ROLES, type Role } from "../../../controller/people/principal.ts";
import { ROUTES } from "../../../controller/ui/routes.ts";
import { server } from "../../e2e/fleet.ts";
import { PASSWORD } from "../people/support.ts";
import { Site } from "./site.ts";
import { hiddenFields, Visitor } from "./visitor.ts";

/** The page without scripts: a running service, its database, git and people; simulated clouds. */
const TIMEOUT = 240_000;

let site: Site;
let otto: Visitor;

beforeAll(async () => {
  site = await Site.start("page");
  for (const role of ROLES) await site.add(role, role);
  await site.add("Otto", "operator");
  await site.add("Ann", "requester");
  await site.add("Dora", "requester", { owners: ["team-db"] });
  await site.add("Lina", "viewer", { accounts: ["linode-main"] });
  otto = await site.visitor("Otto");
}, TIMEOUT);

afterAll(async () => await site?.close());

const label = (name: string, value: string) => [{ kind: "Server" as const, name, set: ["labels", "env"], value }];

describe("the way in", () => {
  it("leads from the root to the page that was asked for, by signing in", async () => {
    const visitor = new Visitor(site.app);

    expect((await visitor.get("/")).location).toBe("/ui/fleet");
    const asked = await visitor.get("/ui/changes?list=done");
    expect([asked.status, asked.location]).toEqual([303, "/ui/sign-in?to=%2Fui%2Fchanges%3Flist%3Ddone"]);
    const wrong = await visitor.send(asked.location!, "/ui/sign-in", { email: "otto@example.org", password: "wrong" });
    expect(wrong.status).toBe(401);
    expect(wrong.text).toContain("the password is wrong");
    const fields = { email: "otto@example.org", password: PASSWORD };
    const right = await visitor.send(asked.location!, "/ui/sign-in", fields);

    expect([right.status, right.location]).toEqual([303, "/ui/changes?list=done"]);
    expect((await visitor.get(right.location!)).text).toContain("Otto");
  });

  it("gives a cookie that scripts and other sites cannot have, by https only to https", async () => {
    const cookieOf = async (headers: Record<string, string>) => {
      const visitor = new Visitor(site.app);
      const { text } = await visitor.get("/ui/sign-in", headers);
      const fields = { ...hiddenFields(text, "/ui/sign-in"), email: "otto@example.org", password: PASSWORD };
      const { headers: answered } = await visitor.post("/ui/sign-in", fields, headers);
      return answered.getSetCookie().find((line) => line.includes("session="))!;
    };

    expect(await cookieOf({})).toMatch(
      /^fleetwright-session=fws_[^;]+;(?=.* HttpOnly)(?=.* SameSite=Strict)(?!.* Secure)/,
    );
    expect(await cookieOf({ "x-forwarded-proto": "https" })).toMatch(
      /^__Host-fleetwright-session=.*(?=.* HttpOnly)(?=.* Secure)/,
    );
  });

  it("is closed by signing out, also for whoever has the cookie", async () => {
    const visitor = await site.visitor("Otto");
    const cookies = new Map(visitor.cookies);
    expect((await visitor.send("/ui/fleet", "/ui/sign-out")).location).toBe("/ui/sign-in");

    const thief = new Visitor(site.app);
    for (const [name, value] of cookies) thief.cookies.set(name, value);

    expect((await thief.get("/ui/fleet")).status).toBe(303);
  });
});

describe("every answer", () => {
  it("lets nothing run that is not of the page, and is kept by nobody but for its assets", async () => {
    const fleet = await otto.get("/ui/fleet");
    const missing = await otto.get("/ui/nowhere");
    const style = await otto.get(/href="(\/ui\/assets\/[^"]*\.css)"/.exec(fleet.text)![1]!);

    for (const { headers } of [fleet, missing, style]) {
      expect(headers.get("content-security-policy")).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
    expect([missing.status, missing.headers.get("cache-control")]).toEqual([404, "no-store"]);
    expect(fleet.headers.get("cache-control")).toBe("no-store");
    expect(style.headers.get("cache-control")).toContain("immutable");
    expect((await otto.get("/ui/assets/0000000000000000/style.css")).status).toBe(404);
    expect(fleet.text).not.toMatch(/<script>|<style|style="|https?:\/\/(?!127)/);
  });
});

describe("each route", () => {
  const pathOf = (path: string) =>
    `/ui${path.replace(":name", "no-such").replace(":id", "c-nosuchchange").replace(/:\w+/, "none")}`;
  const out = ["/sign-out", "/me/sign-out"];

  it("leads whoever has not signed in to the way in", async () => {
    const visitor = new Visitor(site.app);
    for (const { method, path } of ROUTES) {
      const { status, location } =
        method === "GET" ? await visitor.get(pathOf(path)) : await visitor.post(pathOf(path), {});
      expect([`${method} ${path}`, status, location?.split("?")[0]]).toEqual([`${method} ${path}`, 303, "/ui/sign-in"]);
    }
  });

  it.each(ROLES)("answers somebody who is %s as the table says", async (role: Role) => {
    const visitor = await site.visitor(role);
    const { token } = hiddenFields((await visitor.get("/ui/fleet")).text, "/ui/sign-out");
    for (const { method, path, role: needed } of ROUTES.filter((route) => !out.includes(route.path))) {
      const { status } =
        method === "GET" ? await visitor.get(pathOf(path)) : await visitor.post(pathOf(path), { token: token! });
      const isRefused = status === 403;
      expect([`${method} ${path}`, isRefused, status < 500]).toEqual([
        `${method} ${path}`,
        !mayAs({ role }, needed),
        true,
      ]);
    }
  });

  it("takes no form of another site, nor one without the token of this session", async () => {
    const { token } = hiddenFields((await otto.get("/ui/fleet")).text, "/ui/sign-out");
    const before = (await site.desk.changes.list({}, 100)).length;
    const ask = (fields: Record<string, string>, headers = {}) =>
      otto.post("/ui/servers/web-1/power", { power: "stop", ...fields }, headers);

    expect((await ask({})).status).toBe(403);
    expect((await ask({ token: token! }, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await ask({ token: token! }, { "content-type": "text/plain" })).status).toBe(400);
    const others = await site.visitor("Ann");
    const { token: foreign } = hiddenFields((await others.get("/ui/fleet")).text, "/ui/sign-out");
    expect((await ask({ token: foreign! })).status).toBe(403);
    expect((await ask({ token: token!, more: "x".repeat(270_000) })).status).toBe(400);

    expect(await site.desk.changes.list({}, 100)).toHaveLength(before);
  });
});

describe("the fleet", () => {
  it("is searched and filtered, and tells what differs once the clouds were read", async () => {
    await site.clouds.of("linode").addForeign({ name: "somebody-elses" });
    const { id } = await site.clouds.server("web-1");
    await site.clouds.of("linode").change(id, { power: "stopped" });
    await site.look();

    const all = await otto.get("/ui/fleet");
    expect(all.text).toMatch(/3 servers · \d/);
    expect((await otto.get("/ui/fleet?text=team-db")).text).toContain("1 server of 3");
    const drifted = (await otto.get("/ui/fleet?sync=drifted")).text;
    expect(drifted).toContain('href="/ui/servers/web-1"');
    expect(drifted).not.toContain('href="/ui/servers/web-2"');
    const { text } = await otto.get("/ui/servers/web-1");
    expect(text).toMatch(/<code>power<\/code> is <strong>stopped<\/strong>, wanted <ins>running<\/ins>/);
    const drift = (await otto.get("/ui/drift")).text;
    expect(drift).toMatch(/1 server<\/span> <code>power<\/code> is <strong>stopped<\/strong>/);
    expect((await otto.get("/ui/inventory?class=foreign")).text).toContain("somebody-elses");
    expect((await otto.get("/ui/inventory")).text).not.toContain("somebody-elses");
  });

  it("has of each server what its file was, field by field, and who changed it", async () => {
    const { text } = await otto.get("/ui/servers/web-2");

    expect(text).toMatch(/Call web-2 live[\s\S]*Ada Operator/);
    expect(text).toContain("<code>labels.env</code> <del>test</del>");
    expect(text).toContain("<ins>live</ins>");
  });

  it("shows what the cloud has measured of a server, and opens its console, where the cloud has that", async () => {
    const { controller } = site.desk;
    const { clouds } = controller;
    const console = { open: async () => ({ url: "https://console.example.org/?token=of-this-page" }) };
    const written = { open: async () => ({ text: "<b>web-1 login:</b>" }) };
    const server = await otto.get("/ui/servers/web-1");
    expect(server.text).toContain('hx-get="/ui/servers/web-1/metrics"');
    expect(server.text).not.toContain("/web-1/console");
    const { metrics: _, ...blind } = clouds.digitalocean!;
    Object.assign(controller, { clouds: { ...clouds, digitalocean: blind } });
    expect((await otto.get("/ui/servers/db-1")).text).not.toContain("/db-1/metrics");
    expect((await otto.get("/ui/servers/db-1/metrics")).text).toContain("DigitalOcean tells no figures of machines");

    const figures = await otto.get("/ui/servers/web-1/metrics");

    expect(figures.status).toBe(200);
    expect(figures.text.match(/<svg class="chart"/g)).toHaveLength(3);
    expect(figures.text).toMatch(/Processors, used<\/th><td[^>]*>\d+\.\d %/);
    Object.assign(controller, {
      clouds: {
        ...clouds,
        digitalocean: { ...clouds.digitalocean, console },
        linode: { ...clouds.linode, console: written },
      },
    });
    const opened = await otto.send("/ui/servers/db-1", "/ui/servers/db-1/console", {});
    expect(opened.text).toContain(
      'href="https://console.example.org/?token=of-this-page" target="_blank" rel="noopener noreferrer"',
    );
    expect(opened.headers.get("cache-control")).toBe("no-store");
    const text = await otto.send("/ui/servers/web-1", "/ui/servers/web-1/console", {});
    expect(text.text).toContain("&lt;b&gt;web-1 login:&lt;/b&gt;");
    const ann = await site.visitor("Ann");
    expect((await ann.get("/ui/servers/db-1")).text).not.toContain("/db-1/console");
    Object.assign(controller, { clouds });
    const { entries } = await site.people.audit.list({ action: "server.console", limit: 5 });
    expect(entries.map(({ object }) => object)).toEqual(["server web-1", "server db-1"]);
    expect(JSON.stringify(entries)).not.toContain("of-this-page");
  });

  it("never tells anything of credentials", async () => {
    const texts = await Promise.all(["/ui/accounts", "/ui/runs", "/ui/fleet"].map((path) => otto.get(path)));

    expect(texts[0]!.text).toContain("linode-main");
    for (const { text } of texts) expect(text).not.toMatch(/_TOKEN/);
  });

  it("lists runs, each with what happened in it", async () => {
    const [, path] = /href="(\/ui\/runs\/[^"?]+)"/.exec((await otto.get("/ui/runs")).text)!;

    expect((await otto.get(path!)).text).toMatch(/summary|started/);
    expect((await otto.get("/ui/runs/no-such")).status).toBe(404);
  });
});

describe("the catalog", () => {
  it("compares what the clouds sell by what is looked for, as a chart and a table, each with a way to order it", async () => {
    const { text } = await otto.get("/ui/catalog?vcpus=4&memory=16&country=us&sort=hour");
    const [, offers = ""] = text.split('id="offers"');
    const figures = (column: string) =>
      [...offers.matchAll(new RegExp(`data-column="${column}"[^>]*>([\\d.]+)`, "g"))].map(([, figure]) =>
        Number(figure),
      );

    expect(figures("vCPU").length).toBeGreaterThan(3);
    for (const vcpus of figures("vCPU")) expect(vcpus).toBeGreaterThanOrEqual(4);
    for (const gib of figures("Memory")) expect(gib).toBeGreaterThanOrEqual(16);
    expect(figures("An hour")).toEqual(figures("An hour").toSorted((a, b) => a - b));
    expect(text).toMatch(/<svg class="chart" role="img" aria-labelledby="offers-chart-title offers-chart-about"/);
    expect(text).toMatch(/href="\/ui\/new-server\?account=linode-main&amp;size=[^"]*">Order/);
    expect(text).toContain('href="/ui/new-server?account=do-main&amp;plan=small"');
    expect((await otto.get("/ui/catalog?gpu=any")).text).not.toContain("s-1vcpu-512mb-10gb");
    expect((await otto.get("/ui/catalog?vcpus=4000")).text).toContain("Nothing on sale is like that.");
  });

  it("leads to the form with what was chosen", async () => {
    const { text } = await otto.get("/ui/new-server?account=linode-main&size=g6-standard-2&region=us-east");

    expect(text).toContain('<option value="g6-standard-2" selected>');
    expect(text).toContain('<option value="us-east" selected>');
  });

  it("finds the cheapest that fits, and fills the form from what is chosen", async () => {
    const at = "/ui/new-server?fit=1&vcpus=2&memory=4";
    const all = await otto.get(at);
    const choices = [...all.text.matchAll(/href="(\/ui\/new-server\?account=[^"]+)"/g)].map(([, path]) =>
      path!.replaceAll("&amp;", "&"),
    );
    expect(choices.length).toBeGreaterThan(2);
    const { account, size, region } = Object.fromEntries(new URL(choices[0]!, "http://x").searchParams);
    const onSale = (await otto.get("/ui/catalog?vcpus=2&memory=4")).text.split('id="offers"')[1];
    const [, first] = /href="\/ui\/new-server\?(account=[^"]+)"/.exec(onSale!)!;
    expect(first!.replaceAll("&amp;", "&")).toContain(`account=${account}&size=${size}`);

    const form = await otto.get(choices[0]!);

    for (const [name, value] of Object.entries({ account, size, region }))
      expect([name, form.text]).toEqual([name, expect.stringMatching(new RegExp(`value="${value}"`))]);
    expect(form.text).toContain(`<option value="${size}" selected`);
    expect(form.text).toContain(`<option value="${region}" selected`);
    const other = await otto.get(`${at}&cloud=digitalocean`);
    expect(other.text).toMatch(/account=do-main/);
    expect(other.text).not.toMatch(/account=linode-main/);
    expect((await otto.get("/ui/new-server?fit=1&vcpus=4096")).text).toContain("Nothing in stock has that.");
    expect((await otto.get("/ui/new-server")).text).toContain('href="/ui/new-server?fit=1"');
  });

  it("has only accounts that are theirs, and no order for whoever may not", async () => {
    const { text } = await (await site.visitor("Lina")).get("/ui/catalog");

    expect(text).toContain("linode-main");
    expect(text).not.toContain("do-main");
    expect(text).not.toContain("/ui/new-server?");
  });
});

describe("costs", () => {
  it("are told by day, to each what is theirs", async () => {
    await site.look();
    const total = async (name: string) =>
      /<p class="figure"><b>([^<]+)/.exec((await (await site.visitor(name)).get("/ui/costs")).text)?.[1];

    // The foreign machine costs as well, and belongs to no owner.
    expect([await total("Otto"), await total("Lina"), await total("Dora")]).toEqual([
      "21.00 USD",
      "15.00 USD",
      "6.00 USD",
    ]);
    const { text } = await otto.get("/ui/costs?by=class&days=30");
    expect(text).toMatch(/<th scope="row">foreign<\/th>/);
    expect(text).toContain("Day by day");
    expect(text).not.toContain("may cost a month");
  });

  it("are told beside what accounts may cost, to whoever is about all owners", async () => {
    const { fleet } = site;
    fleet.git("reset", "-q", "--hard", "main");
    fleet.edit("accounts/do-main.yaml", (before) => `${before}spending: { monthly: { amount: 5, currency: USD } }\n`);
    fleet.commit("Limit do-main");
    await site.desk.service.look();

    const rows = async (name: string) =>
      /What accounts may cost a month[\s\S]*?<\/table>/.exec(
        (await (await site.visitor(name)).get("/ui/costs")).text,
      )?.[0];

    expect(await rows("Otto")).toMatch(/<th scope="row">do-main<\/th>[\s\S]*5\.00 USD[\s\S]*Over; alerts only/);
    expect(await rows("Lina")).toBeUndefined();
  });
});

describe("stacks and runs", () => {
  it("tells how each stack stands", async () => {
    const { text } = await otto.get("/ui/stacks");

    expect(text).toMatch(/linode-main\.0[\s\S]*do-main|do-main[\s\S]*linode-main\.0/);
    expect((await (await site.visitor("Lina")).get("/ui/stacks")).text).not.toContain("do-main.0");
  });

  it("follows a run line by line, and goes on where it was cut off", async () => {
    const { store } = site.desk.controller;
    await site.startRun("run-live", "linode-main.0");
    const told = (data: string) => store.putEvents([{ run: "run-live", kind: "diagnostic.info", data }]);
    await told("<b>first</b>");
    const page = (await otto.get("/ui/runs/run-live")).text;
    const [, from] = /data-stream="([^"]+)"/.exec(page)!;
    await told("second");
    await told("third");
    await store.finishRun("run-live", "succeeded");

    const { text, headers } = await otto.get(from!);
    const messages = text.trim().split("\n\n");
    const again = await otto.get(from!, { "last-event-id": /id: (\d+)/.exec(messages[0]!)![1]! });

    expect(headers.get("content-type")).toContain("text/event-stream");
    expect(page).toContain("&lt;b&gt;first&lt;/b&gt;");
    expect(messages.map((message) => /^event: (\w+)/.exec(message)?.[1])).toEqual(["line", "line", "end"]);
    expect([messages[0]!.includes("second"), messages[1]!.includes("third")]).toEqual([true, true]);
    expect([again.text.includes("second"), again.text.includes("third")]).toEqual([false, true]);
    expect((await otto.get("/ui/runs/run-live")).text).not.toContain("data-stream");
    const dora = await site.visitor("Dora");
    expect([(await dora.get(from!)).status, (await otto.get("/ui/runs/no-such/events")).status]).toEqual([404, 404]);
  });

  it("follows a change until nothing more becomes of it by itself", async () => {
    const { id } = await site.desk.open("Label web-2 live", label("web-2", "followed"));
    const [, from] = /data-stream="([^"]+)"/.exec((await otto.get(`/ui/changes/${id}`)).text) ?? [];
    const { text } = await otto.get(from ?? `/ui/changes/${id}/events`);

    expect(text).toMatch(/event: end\ndata: needs-approval/);
    await site.desk.changes.close(id, { name: "Otto", email: "otto@example.org" });
  });
});

describe("drift and machines of others", () => {
  const formsTo = (text: string, action: string) =>
    text.split("<form").filter((form) => form.includes(`action="${action}"`));

  it("are accepted by a change, once, and not when it is no more what was shown", async () => {
    const page = await otto.get("/ui/drift");
    const fields = hiddenFields(page.text, "/ui/drift/accept");
    const first = await otto.post("/ui/drift/accept", fields);
    const second = await otto.post("/ui/drift/accept", fields);
    const stale = await otto.post("/ui/drift/accept", { ...fields, cause: "another" });
    const id = first.location!.split("/").at(-1)!;

    expect([first.status, second.location, stale.status]).toEqual([303, first.location, 409]);
    expect((await site.desk.changes.get(id)).title).toBe("Accept drift of web-1");
    expect((await otto.get(first.location!)).text).toContain("power: stopped");
    await site.desk.changes.close(id, { name: "Otto", email: "otto@example.org" });
  });

  it("are reverted by a change that says what it brings back", async () => {
    const { location } = await otto.send("/ui/drift", "/ui/drift/revert");
    const id = location!.split("/").at(-1)!;

    expect((await site.desk.changes.get(id)).reverts).toEqual(["Server//web-1"]);
    expect((await otto.get(location!)).text).toContain("what was changed by hand becomes again what these say");
    await site.desk.changes.close(id, { name: "Otto", email: "otto@example.org" });
  });

  it("are adopted by a change of the very files that were shown", async () => {
    const inventory = (await otto.get("/ui/inventory?class=foreign")).text;
    const id = /name="id" value="([^"]+)"/.exec(inventory)![1]!;
    const path = `/ui/adopt?account=linode-main&id=${id}`;
    const page = await otto.get(path);
    const fields = hiddenFields(page.text, "/ui/adopt");
    const changed = await otto.post("/ui/adopt", { ...fields, shown: "something else" });
    const opened = await otto.post("/ui/adopt", fields);
    const change = opened.location!.split("/").at(-1)!;

    expect(page.text).toContain(`adopt: &quot;${id}&quot;`);
    expect([changed.status, opened.status]).toEqual([409, 303]);
    expect((await site.desk.changes.get(change)).files).toEqual(["servers/linode-main/somebody-elses.yaml"]);
    expect((await otto.get("/ui/adopt?account=linode-main")).status).toBe(400);
    expect((await otto.get("/ui/adopt?account=linode-main&id=no-such")).status).toBe(404);
    await site.desk.changes.close(change, { name: "Otto", email: "otto@example.org" });
  });

  it("are offered to whom they are about only", async () => {
    const dora = await site.visitor("Dora");
    const lina = await site.visitor("Lina");
    const { token } = hiddenFields((await dora.get("/ui/fleet")).text, "/ui/sign-out");
    const { cause } = hiddenFields((await otto.get("/ui/drift")).text, "/ui/drift/revert");

    expect(formsTo((await lina.get("/ui/drift")).text, "/ui/drift/revert")).toEqual([]);
    expect((await dora.post("/ui/drift/revert", { token: token!, cause: cause! })).status).toBe(409);
    expect((await dora.get("/ui/adopt?account=linode-main&id=1")).status).toBe(404);
  });
});

describe("somebody who is about some owners or accounts", () => {
  it("sees, changes and makes what is theirs, and the rest is not there", async () => {
    const dora = await site.visitor("Dora");
    const lina = await site.visitor("Lina");
    const web = await site.desk.open("Label web-2 for scopes", label("web-2", "scopes"));
    const db = await site.desk.open("Label db-1 for scopes", label("db-1", "scopes"));

    const fleet = (await dora.get("/ui/fleet")).text;
    expect([fleet.includes("db-1"), fleet.includes("web-1"), fleet.includes("web-2")]).toEqual([true, false, false]);
    expect((await lina.get("/ui/fleet")).text).not.toContain("db-1");
    expect((await dora.get("/ui/servers/web-1")).status).toBe(404);
    expect((await dora.get("/ui/servers/db-1")).status).toBe(200);
    expect([(await dora.get(`/ui/changes/${web.id}`)).status, (await dora.get(`/ui/changes/${db.id}`)).status]).toEqual(
      [404, 200],
    );
    const changes = (await dora.get("/ui/changes?list=all")).text;
    expect([changes.includes(web.id), changes.includes(db.id)]).toEqual([false, true]);
    expect((await dora.get("/ui/drift")).text).not.toContain("web-1");
    expect((await dora.get("/ui/inventory?class=foreign")).text).not.toContain("somebody-elses");

    const { token } = hiddenFields(fleet, "/ui/sign-out");
    expect((await dora.post("/ui/servers/web-1/power", { token: token!, power: "stop" })).status).toBe(404);
    expect((await dora.post(`/ui/changes/${web.id}/close`, { token: token! })).status).toBe(404);
    expect((await dora.get("/ui/new-server?account=linode-main")).status).toBe(404);
    const another = {
      name: "db-2",
      region: "nyc3",
      size: "s-1vcpu-1gb",
      image: "debian-12-x64",
      owner: "team-web",
      do: "open",
    };
    expect((await dora.send("/ui/new-server?account=do-main", "/ui/new-server", another)).status).toBe(404);
    expect((await site.desk.changes.get(web.id)).state).not.toBe("closed");
    for (const { id } of [web, db]) await site.desk.changes.close(id, { name: "Otto", email: "otto@example.org" });
  });
});

describe("a change", () => {
  const path = "/ui/new-server?account=linode-main";
  const good = { name: "api-1", region: "us-east", size: "g6-nanode-1", image: "linode/debian12", labels: "env: test" };

  it("says at its field what is wrong, and what it would cost, before anything is opened", async () => {
    const before = (await site.desk.changes.list({}, 100)).length;
    const wrong = await otto.send(path, "/ui/new-server", { ...good, name: "API 1", size: "g6-nanode-9", do: "open" });
    expect(wrong.status).toBe(422);
    expect(wrong.text).toMatch(/id="field-name"[^>]* aria-invalid="true" value="API 1"/);
    expect(wrong.text).toContain('id="error-name"');
    const unsold = await otto.send(path, "/ui/new-server", { ...good, region: "mars", do: "open" });
    expect(unsold.text).toMatch(/id="error-region">[^<]*mars/);
    const taken = await otto.send(path, "/ui/new-server", { ...good, name: "web-1", do: "open" });
    expect(taken.text).toMatch(/id="error-name">there is a Server web-1 already/);

    const priced = await otto.send(path, "/ui/new-server", { ...good, name: "", do: "price" });
    expect(priced.text).toMatch(/<b>5\.00 USD<\/b> a month/);
    const { text } = await otto.get(path);
    const part = await otto.post(
      "/ui/new-server",
      { ...hiddenFields(text, "/ui/new-server"), ...good, do: "price" },
      { "hx-request": "true" },
    );
    expect(part.text).toMatch(/^<p class="figure"><b>5\.00 USD/);

    expect(await site.desk.changes.list({}, 100)).toHaveLength(before);
    expect(site.fleet.git("for-each-ref", "refs/fleetwright")).toBe("");
  });

  it("has what only its cloud has, and user data that nobody is shown", async () => {
    const special = {
      ...{ "provider.privateIp": "true", "provider.watchdog": "false", "provider.swapSizeMiB": "1024" },
      "userData.text": "#cloud-config\r\npassword: geheim",
    };
    const { text } = await otto.get(path);
    const wrong = await otto.send(path, "/ui/new-server", { ...good, "provider.swapSizeMiB": "much", do: "open" });
    const both = { ...good, ...special, "userData.env": "FLEETWRIGHT_X", do: "open" };
    const twice = await otto.send(path, "/ui/new-server", both);
    const { location } = await otto.send(path, "/ui/new-server", { ...good, name: "api-2", ...special, do: "open" });
    const change = await site.desk.changes.get(location!.split("/").at(-1)!);
    const [edit] = change.edits;

    expect(text).toContain('name="provider.privateIp"');
    expect(text).not.toContain("vpcUuid");
    expect([wrong.status, /id="error-[^"]*"/.exec(wrong.text)?.[0]]).toEqual([422, 'id="error-provider.swapSizeMiB"']);
    expect(twice.status).toBe(422);
    expect(parse((edit as { text: string }).text)).toMatchObject({
      provider: { privateIp: true, watchdog: false, swapSizeMiB: 1024 },
      userData: { text: "#cloud-config\npassword: geheim\n" },
    });
    expect((await otto.get(location!)).text).not.toContain("geheim");
    await site.desk.changes.close(change.id, { name: "Otto", email: "otto@example.org" });
  });

  it("is opened once by its author, approved as it was shown, and closed, all of it on record", async () => {
    const ann = await site.visitor("Ann");
    const { text } = await ann.get(path);
    const fields = { ...hiddenFields(text, "/ui/new-server"), ...good, do: "open" };
    const opened = await ann.post("/ui/new-server", fields);
    const again = await ann.post("/ui/new-server", fields);
    expect(opened.status).toBe(303);
    expect(again.location).toBe(opened.location);
    const id = opened.location!.split("/").at(-1)!;
    const change = await site.desk.in(id, "needs-approval");
    expect(change).toMatchObject({
      surface: "page",
      author: { name: "Ann", email: "ann@example.org" },
      title: "Add api-1",
    });

    const shown = (await ann.get(opened.location!)).text;
    expect(shown).toContain("<ins>g6-nanode-1</ins>");
    expect(shown).toMatch(/<span class="unseen">added: <\/span>size: g6-nanode-1/);
    expect(shown).not.toContain(`${opened.location}/approve`);
    expect(shown).toContain(`${opened.location}/close`);
    const page = (await otto.get(opened.location!)).text;
    expect(page).not.toContain(`${opened.location}/execute"`);
    const { token } = hiddenFields(page, `${opened.location}/approve`);
    const stale = await otto.post(`${opened.location}/approve`, { token: token!, hash: "0".repeat(64) });
    expect([stale.status, (await site.desk.changes.get(id)).state]).toEqual([409, "needs-approval"]);

    expect((await otto.send(opened.location!, `${opened.location}/approve`)).status).toBe(303);
    expect(await site.desk.changes.get(id)).toMatchObject({
      state: "approved",
      approvals: [{ by: "Otto <otto@example.org>" }],
    });
    await otto.send(opened.location!, `${opened.location}/close`, { reason: "another <way>" });
    expect((await otto.get(opened.location!)).text).toContain("another &lt;way&gt;");
    const { entries } = await site.people.audit.list({ object: `change ${id}` });
    expect(entries.map(({ who, action }) => `${who!.email} ${action}`).reverse()).toEqual([
      "ann@example.org change.opened",
      "ann@example.org change.opened",
      "otto@example.org change.approve",
      "otto@example.org change.close",
    ]);
  });

  it("of what may not be replaced is shown with what its approval would lift", async () => {
    const edit = [{ kind: "Server" as const, name: "web-2", set: ["rebuild"], value: 1 }];
    const by = { id: "33333333-3333-4333-8333-333333333333", name: "Cleo", email: "cleo@example.org" } as const;
    const { id } = await site.desk.open("Rebuild web-2", edit, { by: { ...by, role: "requester" } });
    await site.desk.in(id, "previewed");
    const at = `/ui/changes/${id}`;

    const { text } = await otto.get(at);
    expect(text).toContain("Everything on its disks is lost.");
    expect(text).toMatch(/name="lift-replace" required>? /);
    expect((await otto.send(at, `${at}/approve`)).status).toBe(409);
    expect((await otto.send(at, `${at}/approve`, { "lift-replace": "on" })).status).toBe(303);

    const ann = await site.visitor("Ann");
    const { text: hers } = await ann.get(at);
    expect(hers).not.toContain(`${at}/execute`);
    expect(hers).not.toContain(`${at}/close`);
    const { token } = hiddenFields(hers, "/ui/sign-out");
    for (const action of ["execute", "close"])
      expect((await ann.post(`${at}/${action}`, { token: token! })).status).toBe(403);
    expect((await otto.get(at)).text).toContain(`${at}/execute`);

    expect((await site.desk.changes.get(id)).approvals[0]!.overrides).toMatchObject({ allowReplace: ["web-2"] });
    await site.desk.changes.close(id, { name: "Otto", email: "otto@example.org" });
  });

  it("to a server's power is one edit of its file, counters above what was done", async () => {
    const stop = await otto.send("/ui/servers/web-2", "/ui/servers/web-2/power", { power: "stop" });
    const reboot = await otto.send("/ui/servers/web-2", "/ui/servers/web-2/power", { power: "reboot" });
    const ids = [stop, reboot].map(({ location }) => location!.split("/").at(-1)!);
    const changes = await Promise.all(ids.map((id) => site.desk.changes.get(id)));

    expect(changes.map(({ edits }) => edits)).toEqual([
      [{ kind: "Server", name: "web-2", set: ["power"], value: "stopped" }],
      [{ kind: "Server", name: "web-2", set: ["restarts", "reboot"], value: 1 }],
    ]);
    const page = (await otto.get("/ui/servers/web-2")).text;
    for (const id of ids) expect(page).toContain(`/ui/changes/${id}`);
    expect((await otto.send("/ui/servers/web-2", "/ui/servers/web-2/power", { power: "start" })).status).toBe(404);
    for (const id of ids) await site.desk.changes.close(id, { name: "Otto", email: "otto@example.org" });
  });

  it("shows words as words, whoever wrote them", async () => {
    const text = stringify(server("linode", "web-3", { labels: { env: "test" }, suspend: { reason: "<img src=x>" } }));
    const { id } = await site.desk.open("<script>alert(1)</script>", [
      { path: "servers/web-3.yaml", text, ifBlob: null },
    ]);

    const { text: page } = await otto.get(`/ui/changes/${id}`);

    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).not.toContain("<script>alert");
    expect(page).not.toContain("<img src=x>");
    await site.desk.changes.close(id, { name: "Otto", email: "otto@example.org" });
    expect(site.errors).toEqual([]);
  });
});
