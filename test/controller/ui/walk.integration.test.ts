import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type ServerType, serve } from "@hono/node-server";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PASSWORD } from "../people/support.ts";
import { findChromium, findings, launch, newPage } from "./chromium.ts";
import { Site } from "./site.ts";

/** The page as people use it: a real browser, against a running service with the real engine. Pictures go to the folder that PAGE_PICTURES names. */
const TIMEOUT = 240_000;
const PATIENCE = { timeout: 120_000 };
const TELEPHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 900 };

const executable = findChromium();
const pictures = process.env.PAGE_PICTURES;

describe.skipIf(executable === undefined)(
  `the page in a browser${executable === undefined ? ": no Chromium is installed (Debian: chromium)" : ""}`,
  () => {
    let site: Site;
    let server: ServerType;
    let browser: Browser;
    let page: Page;
    let complaints: string[];
    let base: string;

    beforeAll(async () => {
      site = await Site.start("walk");
      await site.add("Otto", "operator");
      await site.look();
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
        await page.getByLabel("Region").selectOption("us-east");
        await page.getByLabel("Size").selectOption("g6-standard-1");
        await page.getByLabel("Image").selectOption("linode/debian12");
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
        await page.getByText("1 server of 4").waitFor();
        expect(await page.getByRole("row").count()).toBe(2);
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
          ...{ drift: "drift", inventory: "inventory", runs: "runs", run: `runs/${run!.id}`, accounts: "accounts" },
          "new-server": "new-server?account=do-main",
        };
        const found: string[] = [];
        for (const [name, path] of Object.entries(places)) {
          await page.setViewportSize(DESK);
          await page.goto(`${base}/ui/${path}`);
          for (const colorScheme of ["light", "dark"] as const) {
            await page.emulateMedia({ colorScheme });
            found.push(...(await findings(page)).map((finding) => `${name} ${colorScheme}: ${finding}`));
            await picture(page, `${name}-${colorScheme}`);
          }
          await page.setViewportSize(TELEPHONE);
          const overMuch = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
          if (overMuch > 0) found.push(`${name} is ${overMuch} pixels wider than a telephone`);
          await picture(page, `${name}-telephone`);
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

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}
