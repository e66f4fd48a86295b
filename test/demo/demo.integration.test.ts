import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { DemoResult } from "../../controller/cli/demo/result.ts";
import { SimulatorClient } from "../../simulators/client.ts";
import { motoMissing } from "../aws/peer.ts";
import { RunningDemo } from "./running.ts";

/** Nineteen; two of them on AWS, where moto can be had. */
const servers = async () => ((await motoMissing()) ? 17 : 19);

const TIMEOUT = 480_000;
let demo: RunningDemo | undefined;

afterEach(async () => {
  await demo?.end();
  demo = undefined;
});

/** Runs a line in a shell that has read the demo's file, as a person in another terminal does. */
function shell(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const env = { ...process.env, FLEETWRIGHT_TEST_LOG: join(demo!.folder, "beside.log") };
    execFile("bash", ["-c", `. ${demo!.folder}/env.sh\n${line}`], { env }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe("the demo", () => {
  it("ends well with --once --json: the last line of its output is the result", { timeout: TIMEOUT }, async () => {
    demo = new RunningDemo("--once", "--json");

    const code = await demo.ended();

    expect(code, demo.stderr).toBe(0);
    const lines = demo.stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toEqual({
      servers: await servers(),
      converged: await servers(),
      clouds: {
        linode: 5,
        digitalocean: 4,
        proxmox: 3,
        equinix: 1,
        hivelocity: 1,
        hyperstack: 1,
        openstack: 1,
        vultr: 1,
        ...((await motoMissing()) ? {} : { aws: 2 }),
      },
      effectHashMatched: true,
      drift: { injected: 3, found: 3, reverted: 3 },
      requested: true,
      seconds: expect.any(Number),
    } satisfies DemoResult);
    demo.expectNothingLeft();
  });

  it("stays up, shares its database with commands beside it, and cleans up at Ctrl-C", {
    timeout: TIMEOUT,
  }, async () => {
    demo = new RunningDemo();
    await demo.says(/It stays up until Ctrl-C/, TIMEOUT);
    await demo.says(new RegExp(`${await servers()} servers, all as desired`), 30_000);
    const fleet = join(demo.folder, "fleet");

    // What it recorded is what a command in another terminal sees.
    const status = await shell("fw status --json");
    expect(JSON.parse(status.stdout).servers).toHaveLength(await servers());

    // A change that is committed and not applied shows in its status.
    const file = join(fleet, "servers/linode/web/web-3.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("tier: front", "tier: back"));
    expect((await shell(`git -C ${fleet} commit -qam "Move web-3 back"`)).code).toBe(0);
    await demo.says(/1 change to apply/, 30_000);

    // Two commands and the service want the same stack at once: the leases let one after the other, and one machine is changed once.
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(/linode +(\S+)/.exec(demo.stdout)![1]!)!;
    const linode = new SimulatorClient(url);
    await linode.resetCalls();
    const both = await Promise.all([shell("fw apply --yes --json"), shell("fw apply --yes --json")]);
    const outcomes = both.map(({ stdout }) => JSON.parse(stdout) as { converged?: number; error?: { code: string } });
    // Who comes later finds it done, or that what it was about to do is stale.
    for (const { converged, error } of outcomes) expect(error?.code ?? converged).toBeOneOf([0, 1, "PREVIEW_STALE"]);
    const writes = (await linode.calls()).filter(
      ({ method, route }) => method === "PUT" && route.endsWith("/instances/:id"),
    );
    expect(
      writes.reduce((sum, { count }) => sum + count, 0),
      JSON.stringify(writes),
    ).toBe(1);

    // Drift that is made now is seen by it, and reverted by a command.
    const [victim] = await linode.servers();
    await linode.change(victim!.id, { power: "stopped" });
    await demo.says(new RegExp(`drift on ${victim!.name}`), 30_000);
    expect(await shell("fw drift --revert --yes")).toMatchObject({ code: 0 });
    expect(await shell("fw drift")).toMatchObject({ code: 0 });

    // Somebody signs in to its page, as it says.
    const [, page, email, password] = /(http:\S+)\/ui +sign in as (\S+) with (\S+)/.exec(demo.stdout)!;
    const signedIn = await fetch(`${page}/fleet/v1/tokens`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    expect(signedIn.status).toBe(200);
    expect((await fetch(`${page}/ui/sign-in`)).status).toBe(200);

    // The documented request that it prints works as it is pasted.
    const pasted = /curl -s \S+\/api\/vps .*\}'/.exec(demo.stdout)![0];
    expect(JSON.parse((await shell(pasted)).stdout)).toMatchObject({
      success: true,
      instance: { label: "by-curl", status: "provisioning" },
    });

    // A service beside it, which nobody ends, ends with it.
    const started = await shell(
      "fw serve --listen 127.0.0.1:0 --log-format json > $FLEETWRIGHT_TEST_LOG 2>&1 & for i in $(seq 600); do grep -q serving $FLEETWRIGHT_TEST_LOG && break; sleep 0.1; done; cat $FLEETWRIGHT_TEST_LOG",
    );
    expect(started.stdout).toContain('"msg":"serving"');

    demo.child.kill("SIGINT");
    expect(await demo.ended()).toBe(0);
    demo.expectNothingLeft();
  });

  it("leaves nothing behind when it is interrupted at work", { timeout: TIMEOUT }, async () => {
    demo = new RunningDemo("--once", "--json");
    await demo.says(/web-1: create started/, TIMEOUT);

    demo.child.kill("SIGINT");

    expect(await demo.ended()).toBe(1);
    expect(JSON.parse(demo.stdout)).toMatchObject({ error: { code: "INTERRUPTED" } });
    demo.expectNothingLeft();
  });
});
