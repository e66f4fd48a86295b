import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GITEA_VERSION } from "./find.ts";
import { Gitea, giteaMissing } from "./server.ts";

const SECRET = "a-secret-of-this-test-only";

let gitea: Gitea;
let listener: Server;
const calls: { headers: IncomingMessage["headers"]; body: string }[] = [];

it("is of the version that tools/gitea requires", () => {
  const module = readFileSync(new URL("../../tools/gitea/go.mod", import.meta.url), "utf8");

  expect(module).toContain(`require code.gitea.io/gitea v${GITEA_VERSION}\n`);
});

describe.skipIf(giteaMissing !== undefined)(`a Gitea of the tests${giteaMissing ? ` (${giteaMissing})` : ""}`, () => {
  const work = mkdtempSync(path.join(tmpdir(), "fw-gitea-test-"));

  beforeAll(async () => {
    gitea = await Gitea.start();
    listener = createServer(async (request, response) => {
      const body = (await request.toArray()).join("");
      calls.push({ headers: request.headers, body });
      response.end();
    });
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  });

  afterAll(async () => {
    await gitea?.close();
    listener?.close();
    rmSync(work, { recursive: true, force: true });
  });

  it("has people, repositories that are pushed to, pull requests, and calls that are signed", async () => {
    const ada = await gitea.user("ada");
    await gitea.repository(ada, "fleet");
    const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/hook`;
    await gitea.hook(ada, "ada/fleet", { url, secret: SECRET, events: ["pull_request"] });
    const git = (...args: string[]) => execFileSync("git", args, { cwd: work, stdio: "pipe" });
    git("init", "-q", "-b", "main");
    git("config", "user.name", "Ada");
    git("config", "user.email", ada.email);
    writeFileSync(path.join(work, "a"), "1\n");
    git("add", "-A");
    git("commit", "-qm", "Begin");
    git("push", "-q", gitea.remote(ada, "ada/fleet"), "main");
    git("checkout", "-qb", "change");
    writeFileSync(path.join(work, "a"), "2\n");
    git("commit", "-qam", "Change");
    git("push", "-q", gitea.remote(ada, "ada/fleet"), "change");
    const pull = { title: "Change", head: "change", base: "main" };

    const made = await gitea.ask(ada, "POST", "/repos/ada/fleet/pulls", pull);

    expect((await gitea.ask(ada, "GET", "/version")).version).toBe(GITEA_VERSION);
    expect(made).toMatchObject({ number: 1, state: "open", user: { login: "ada" } });
    await expect.poll(() => calls.length, { timeout: 30_000 }).toBe(1);
    const { headers, body } = calls[0]!;
    expect(headers["x-gitea-event"]).toBe("pull_request");
    expect(headers["x-gitea-signature"]).toBe(createHmac("sha256", SECRET).update(body).digest("hex"));
    expect(JSON.parse(body)).toMatchObject({ action: "opened", number: 1 });
    expect((await gitea.try(ada, "GET", "/admin/users")).status).toBe(403);
  });

  it("takes its folder and its port with it when it ends", async () => {
    const other = await Gitea.start();
    const { root, url } = other;
    expect(existsSync(root)).toBe(true);

    await other.close();

    expect(existsSync(root)).toBe(false);
    await expect(fetch(url)).rejects.toThrow("fetch failed");
  });
});
