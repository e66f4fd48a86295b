import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type ServerType, serve } from "@hono/node-server";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { dayAt } from "../../../controller/reconcile/cost-history.ts";
import { server as fileOf } from "../../e2e/fleet.ts";
import { PASSWORD } from "../people/support.ts";
import { findChromium, findings, launch, newPage } from "./chromium.ts";
import { Site } from "./site.ts";

/** The page as people use it: a real browser, against a running service with the real engine. Pictures go to the folder that PAGE_PICTURES names. */
const TIMEOUT = 240_000;
const PATIENCE = { timeout: 120_000 };
const TELEPHONE = { width: 375, height: 740 };
const DESK = { width: 1280, height: 900 };

const executable = findChromium();
const pictures = process.env.PAGE_PICTURES;
/** What the README shows, as one sees it at a desk; only with README_PICTURES, which names the folder. */
const README = ["catalog", "costs", "fleet", "change"];
const readmePictures = process.env.README_PICTURES;
const DAYS = 60;
/** Who has a picture taken stands among some more; without that, the walk needs less time. */
const MORE: Readonly<Record<string, string>> = readmePictures === undefined ? {} : moreServers();

describe.skipIf(executable === undefined)(
  `the page in a browser${executable === undefined ? ": no Chromium is installed (Debian: chromium)" : ""}`,
  () => {
    let site: Site;
    let server: ServerType;
    let browser: Browser;
    let page: Page;
    let complaints: string[];
    let base: string;
    const found: string[] = [];

    beforeAll(async () => {
      site = await Site.start("walk", { more: MORE });
      await site.add("Otto", "operator");
      await site.clouds.of("linode").addForeign({ name: "legacy-cron" });
      await site.look();
      await rememberCosts(site);
      server = serve({ fetch: site.app.fetch, hostname: "127.0.0.1", port: 0 });
      await new Promise((done) => server.once("listening", done));
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      browser = await launch(executable!);
      ({ page, complaints } = await newPage(await browser.newContext({ viewport: DESK })));
      page.setDefaultTimeout(PATIENCE.timeout);
    }, TIMEOUT);

    afterAll(async () => {
      await browser?.close();
      server?.close();
      await site?.close();
    });

    /** Looks for findings in both schemes, and whether it fits a telephone. */
    async function pictured(name: string): Promise<void> {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        found.push(...(await findings(page)).map((finding) => `${name} ${colorScheme}: ${finding}`));
        await picture(page, pictures, `${name}-${colorScheme}`, true);
        if (README.includes(name) && colorScheme === "light") await picture(page, readmePictures, name, false);
      }
      await page.setViewportSize(TELEPHONE);
      const overMuch = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      if (overMuch > 0) found.push(`${name} is ${overMuch} pixels wider than a telephone`);
      await picture(page, pictures, `${name}-telephone`, true);
      await page.setViewportSize(DESK);
    }

    it(
      "makes a server: signs in, chooses, sees the price, approves, executes and watches it converge",
      async () => {
        await page.goto(base);
        await page.getByLabel("Mail address").fill("otto@example.org");
        await page.getByLabel("Password").fill(PASSWORD);
        await page.keyboard.press("Enter");
        await page.getByRole("link", { name: "New server" }).click();
        await page.getByLabel("Account").selectOption("linode-main");
        await page.getByLabel("Name", { exact: true }).fill("api-1");
        await page.getByLabel("Region", { exact: true }).selectOption("us-east");
        await page.getByLabel("Size", { exact: true }).selectOption("g6-standard-1");
        await page.getByLabel("Image", { exact: true }).selectOption("linode/debian12");
        await page.locator("#price").getByText("12.00 USD").waitFor();
        await page.getByLabel("ops").check();
        await page.getByRole("button", { name: "Open the change" }).click();
        const addressOfChange = /\/ui\/changes\/c-/;
        await page.waitForURL(addressOfChange);
        await page.getByRole("button", { name: "Approve" }).click();
        await page.getByRole("button", { name: "Execute" }).click();
        await page.getByRole("status").getByText("converged").waitFor();

        expect(page.url()).toMatch(addressOfChange);
        expect((await site.clouds.server("api-1")).power).toBe("running");
        expect(site.fleet.git("log", "-1", "--format=%an %s", "main")).toBe("Otto Add api-1");
        await page.getByRole("link", { name: "Fleet", exact: true }).click();
        await page.getByLabel("Search").fill("api");
        await page.getByText(`1 server of ${4 + Object.keys(MORE).length}`).waitFor();
        expect(await page.getByRole("row").count()).toBe(2);
        expect(complaints).toEqual([]);
      },
      TIMEOUT,
    );

    it(
      "reverts a drift: sees its cause, and has a change bring the server back",
      async () => {
        const { id } = await site.clouds.server("web-1");
        await site.clouds.of("linode").change(id, { power: "stopped" });
        await site.look();

        await page.goto(`${base}/ui/drift`);
        await page.getByText("wanted running").waitFor();
        await pictured("drift");
        await page.getByRole("button", { name: "Revert" }).click();
        await page.getByRole("button", { name: "Approve" }).click();
        await page.getByRole("button", { name: "Execute" }).click();
        await page.getByRole("status").getByText("converged").waitFor();

        expect((await site.clouds.server("web-1")).power).toBe("running");
        expect(complaints).toEqual([]);
      },
      TIMEOUT,
    );

    it(
      "adopts a machine: chooses it, sees its file, and has a change take it over",
      async () => {
        await page.goto(`${base}/ui/inventory?class=foreign`);
        await page.getByLabel("legacy-cron").check();
        await page.getByRole("button", { name: "Adopt the chosen" }).click();
        await page.getByText("servers/linode-main/legacy-cron.yaml").waitFor();
        await pictured("adopt");
        await page.getByRole("button", { name: "Open the change" }).click();
        await page.getByRole("button", { name: "Approve" }).click();
        await page.getByRole("button", { name: "Execute" }).click();
        await page.getByRole("status").getByText("converged").waitFor();

        const { id } = await site.clouds.server("legacy-cron");
        const [record] = await site.desk.controller.store.objects({ kind: "Server", names: ["legacy-cron"] });
        expect(record!.cloudId).toBe(id);
        expect(complaints).toEqual([]);
      },
      TIMEOUT,
    );

    it(
      "compares what clouds sell, and goes on to the form with it chosen",
      async () => {
        await page.goto(`${base}/ui/catalog`);
        await page.getByLabel("vCPU, at least").fill("4");
        await page.getByLabel("Country").selectOption({ label: "United States" });
        await page.waitForURL(/vcpus=4.*country=us/);
        const rows = page.getByRole("table", { name: "Offers" }).getByRole("row");
        await page.locator("#offers svg").first().waitFor();
        for (const cell of await rows.locator('td[data-column="vCPU"]').allTextContents())
          expect(Number(cell)).toBeGreaterThanOrEqual(4);
        const size = (await rows.nth(1).getByRole("rowheader").textContent())?.split(" ")[0];
        await rows.nth(1).getByRole("link").click();

        await page.locator("#field-size").waitFor();
        expect(await page.locator("#field-size").inputValue()).toBe(size);
        expect(complaints).toEqual([]);
      },
      TIMEOUT,
    );

    it(
      "follows a run: its lines come as they are told, and its end",
      async () => {
        const { store } = site.desk.controller;
        await site.startRun("run-followed", "linode-main.0");
        await page.goto(`${base}/ui/runs/run-followed`);
        await page.getByText("It is under way").waitFor();
        await store.putEvents([{ run: "run-followed", kind: "resource.done", object: "Server//web-1", data: "first" }]);
        await page.locator(".log").getByText("first").waitFor();
        await store.finishRun("run-followed", "succeeded");
        await page.getByText("succeeded", { exact: false }).first().waitFor();

        expect(await page.getByText("It is under way").count()).toBe(0);
        expect(await page.locator(".log li").count()).toBe(1);
        expect(complaints).toEqual([]);
      },
      TIMEOUT,
    );

    it(
      "is without serious findings of accessibility, in light and dark, and fits a telephone",
      async () => {
        const [change] = await site.desk.changes.list({}, 1);
        const [run] = await site.desk.controller.store.runs(1);
        const places = {
          ...{ fleet: "fleet", server: "servers/api-1", changes: "changes?list=all", change: `changes/${change!.id}` },
          ...{ inventory: "inventory?class=foreign", runs: "runs", run: `runs/${run!.id}`, accounts: "accounts" },
          ...{ catalog: "catalog", costs: "costs", stacks: "stacks" },
          "new-server": "new-server?account=do-main",
          ...{ placement: "new-server?fit=1&vcpus=2", metrics: "servers/api-1/metrics" },
        };
        for (const [name, path] of Object.entries(places)) {
          await page.goto(`${base}/ui/${path}`);
          await pictured(name);
        }

        expect(found).toEqual([]);
        expect(complaints).toEqual([]);
        expect(site.errors).toEqual([]);
      },
      TIMEOUT,
    );

    it(
      "can be gone through by keyboard, from a link past the navigation on",
      async () => {
        await page.setViewportSize(DESK);
        await page.goto(`${base}/ui/fleet`);
        await page.keyboard.press("Tab");
        const first = await page.evaluate("document.activeElement.textContent");
        await page.keyboard.press("Enter");
        await page.keyboard.press("Tab");
        const next = await page.evaluate("document.activeElement.textContent");

        expect([first, next]).toEqual(["Skip to the page", "New server"]);
      },
      TIMEOUT,
    );
  },
);

async function picture(page: Page, folder: string | undefined, name: string, fullPage: boolean): Promise<void> {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
}

/** As a fleet has them, on all clouds of this one. */
function moreServers(): Record<string, string> {
  const wanted = [
    ["linode", "web-3", { owner: "team-web", labels: { env: "live", role: "web" } }],
    ["linode", "web-4", { owner: "team-web", labels: { env: "live", role: "web" }, size: "g6-standard-1" }],
    ["linode", "cache-1", { owner: "team-web", labels: { env: "live", role: "cache" } }],
    ["digitalocean", "db-2", { owner: "team-db", labels: { env: "live", role: "db" } }],
    ["digitalocean", "worker-1", { owner: "team-data", labels: { env: "live" } }],
    ["digitalocean", "worker-2", { owner: "team-data", labels: { env: "live" } }],
    ["proxmox", "build-1", { owner: "team-ci", labels: { role: "build" } }],
    ["proxmox", "build-2", { owner: "team-ci", labels: { role: "build" }, power: "stopped" }],
  ] as const;
  return Object.fromEntries(
    wanted.map(([cloud, name, more]) => [`servers/${name}.yaml`, stringify(fileOf(cloud, name, more))]),
  );
}

/** Some weeks of two accounts that grow. */
async function rememberCosts(site: Site): Promise<void> {
  const now = site.desk.controller.now();
  const days = Array.from({ length: DAYS }, (_, index) => dayAt(now - (DAYS - index) * 24 * 60 * 60 * 1000));
  const grown = (start: number, step: number) =>
    days.map((day, index) => ({ day, monthlyMicro: (start + Math.floor(index / step) * 5) * 1_000_000 }));
  await site.remember("linode-main", grown(5, 20));
  await site.remember("do-main", grown(0, 25));
}
