import { readdirSync } from "node:fs";
import { join } from "node:path";
import aws4 from "aws4";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBackend } from "../../../controller/engine/backend.ts";
import { s3Blobs } from "../../../controller/engine/s3-blobs.ts";
import { s3Place } from "../../../controller/engine/s3-place.ts";
import type { States } from "../../../controller/engine/states.ts";
import { type Moto, startMoto } from "../../../simulators/aws/moto.ts";
import { motoMissing } from "../../aws/peer.ts";
import { Clouds } from "../../e2e/clouds.ts";
import { Fleet, server } from "../../e2e/fleet.ts";
import { runProcesses } from "../../e2e/processes.ts";
import { describeBlobs } from "./blob-contract.ts";

/** States in a bucket of moto, which speaks S3, by the real engine. */
const TIMEOUT = 240_000;
const STACK = "linode-main.0";
const missing = await motoMissing();
const AWS = {
  AWS_ACCESS_KEY_ID: "AKIAOFTHESTATES",
  AWS_SECRET_ACCESS_KEY: "the-secret-of-the-states",
  AWS_REGION: "us-east-1",
};

let moto: Moto;
let url: string;

describe.skipIf(missing)(`states in S3 ${missing ?? ""}`, () => {
  let clouds: Clouds;
  let fleet: Fleet;
  let states: States;

  beforeAll(async () => {
    moto = await startMoto();
    url = `s3://states/fleets?endpoint=${moto.url}`;
    await makeBucket("states");
    states = openBackend(url, "bucket", AWS).states!;
    clouds = await Clouds.start();
    fleet = new Fleet(clouds, { id: "bucket", environment: { ...AWS, PULUMI_BACKEND_URL: url } });
    fleet.write({ "servers/web-1.yaml": server("linode", "web-1", { keys: [] }) });
    fleet.commit("Begin");
  }, TIMEOUT);

  afterAll(async () => {
    await fleet?.close();
    await clouds?.close();
    await moto?.close();
  });

  describe("the bucket", () => {
    describeBlobs(() => s3Blobs(s3Place(url, AWS)));

    it("is listed by pages", async () => {
      const blobs = s3Blobs({ ...s3Place(url, AWS), pageSize: 3 });
      const keys = Array.from({ length: 8 }, (_, n) => `paged/${n}.json`);
      for (const key of keys) await blobs.write(key, "{}");

      expect([...(await blobs.list("paged/")).keys()]).toEqual(keys);
    });

    it("that is not there is never taken for an empty one", async () => {
      const blobs = s3Blobs(s3Place(url.replace("states", "nowhere"), AWS));

      await expect(blobs.list("a/")).rejects.toMatchObject({ code: "ENGINE_FAILED" });
      await expect(blobs.read("a/b.json")).rejects.toMatchObject({ code: "ENGINE_FAILED" });
      await expect(blobs.write("a/b.json", "{}")).rejects.toMatchObject({ code: "ENGINE_FAILED" });
    });
  });

  it(
    "hold what is applied, and then nothing is to do; no process has their credentials in its environment",
    async () => {
      const seen = new Map<string, string>();
      const looking = setInterval(() => {
        for (const { pid, ...found } of runProcesses(fleet.dataDir))
          seen.set(found.command, JSON.stringify({ pid, ...found }));
      }, 100);
      const done = await fleet.converge();
      clearInterval(looking);
      await clouds.forgetCalls();
      const again = await fleet.apply("--yes");

      expect(done).toMatchObject({ code: 0, converged: 1 });
      expect([...(await states.versions()).keys()]).toEqual([STACK]);
      expect(again).toMatchObject({ code: 0, outcomes: [] });
      expect(await clouds.writes()).toEqual([]);
      expect([...seen.keys()].filter((command) => command.includes("pulumi-resource-"))).not.toEqual([]);
      expect([...seen.values()].filter((text) => text.includes(AWS.AWS_SECRET_ACCESS_KEY))).toEqual([]);
      expect(readdirSync(join(fleet.dataDir, "runs"))).toEqual([]);
      expect(readdirSync(join(fleet.dataDir, "state"))).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "are mended when they are damaged, and an older one is told of",
    async () => {
      const older = (await states.read(STACK))!;
      fleet.edit("servers/web-1.yaml", (text) => text.replace("env: test", "env: prod"));
      fleet.commit("Change it");
      await fleet.converge();
      const newer = (await states.read(STACK))!;
      await states.replace(STACK, newer.slice(0, 500), new Date());
      const mended = await fleet.apply("--yes");
      const whole = await states.read(STACK);
      await states.replace(STACK, older, new Date());
      const told = await fleet.apply("--yes");

      expect(mended).toMatchObject({ code: 0, outcomes: [], stderr: expect.stringContaining("is cut off") });
      expect(whole).toBe(newer);
      expect(told.stderr).toContain(`the state of ${STACK} is older than the one that was noted last`);
      expect(told).toMatchObject({ code: 0 });
      expect(await clouds.servers()).toHaveLength(1);
    },
    TIMEOUT,
  );
});

async function makeBucket(name: string): Promise<void> {
  const { host } = new URL(moto.url);
  const request = { service: "s3", region: AWS.AWS_REGION, method: "PUT", host, path: `/${name}` };
  const keys = { accessKeyId: AWS.AWS_ACCESS_KEY_ID, secretAccessKey: AWS.AWS_SECRET_ACCESS_KEY };
  const { Host: _, ...headers } = aws4.sign(request, keys).headers as Record<string, string>;
  const answer = await fetch(`${moto.url}/${name}`, { method: "PUT", headers });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}
