import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { aws } from "../../../resources/aws/index.ts";
import { MARK_TAG } from "../../../resources/aws/names.ts";
import { parseXml } from "../../../resources/aws/xml.ts";
import { createBudget } from "../../../resources/budget.ts";
import type { Call } from "../../../resources/cloud.ts";
import { ownerMark } from "../../../resources/mark.ts";
import { AWS_CREDENTIALS, startAws } from "../../../simulators/aws/index.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { loadModel } from "../../aws/model.ts";
import { awsServer, DEBIAN, motoMissing, PUBLIC_KEY, REGION } from "../../aws/peer.ts";
import { SPECS_ABSENT } from "../../simulators/spec.ts";
import { MARK } from "../declared.ts";
import { accountSpec, testCall } from "../fixtures.ts";

const missing = await motoMissing();
const model = loadModel();

const budget = createBudget(aws.limits);
let simulator: Simulator;
let control: SimulatorClient;
const call = (): Call =>
  testCall(simulator.url, {
    credentials: AWS_CREDENTIALS,
    account: {
      budget,
      spec: accountSpec({ provider: "aws", regions: [REGION, "eu-west-1"] }),
    },
  });

describe.skipIf(missing)(`requests to AWS${missing ? ` (${missing})` : ""}`, () => {
  beforeAll(async () => {
    simulator = await startAws();
    control = new SimulatorClient(simulator.url);
  }, 240_000);
  afterAll(() => simulator?.close());
  afterEach(() => vi.restoreAllMocks());

  it("tell what a machine has written on its console, and NOT_FOUND of one that is not there", async () => {
    const { id } = await control.addForeign();

    const shown = await aws.console.open(id, call());

    expect(shown).toEqual({ text: expect.stringMatching(/\w{4,}/), at: expect.stringMatching(/^\d{4}-.*Z$/) });
    await expect(aws.console.open(`${REGION}/i-0123456789abcdef0`, call())).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it.skipIf(!model)(
    `are as EC2's model says${model ? "" : ` (${SPECS_ABSENT})`}`,
    async () => {
      const { id } = await control.addForeign();
      const complaints: string[] = [];
      const actions = new Set<string>();
      const real = globalThis.fetch;
      vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
        if (init?.body instanceof URLSearchParams) {
          actions.add(init.body.get("Action") ?? "");
          complaints.push(...model!.checkRequest(init.body));
        }
        return real(input, init);
      });

      for await (const _ of aws.list(call()));
      await aws.observe(id, call());
      expect(await aws.observe(`${REGION}/i-0123456789abcdef0`, call())).toBeUndefined();
      await aws.claim(id, MARK, call());
      await aws.findByMark(MARK, awsServer(), call());
      await aws.catalog(call());
      await aws.firewalls.list(call());
      expect(await aws.firewalls.observe("sg-0123456789abcdef0", call())).toBeUndefined();
      for (const action of ["shutdown", "start", "reboot", "stop"] as const) await aws.power(id, action, call());

      expect(complaints).toEqual([]);
      expect([...actions].sort()).toEqual([
        "CreateTags",
        "DescribeImages",
        "DescribeInstanceTypeOfferings",
        "DescribeInstanceTypes",
        "DescribeInstances",
        "DescribeRegions",
        "DescribeSecurityGroups",
        "RebootInstances",
        "StartInstances",
        "StopInstances",
      ]);
    },
    60_000,
  );

  it("find what a create has made, and answer as it would have", async () => {
    const tags = (type: string) => ({
      "TagSpecification.1.ResourceType": type,
      "TagSpecification.1.Tag.1.Key": MARK_TAG,
      "TagSpecification.1.Tag.1.Value": ownerMark("requests", "Server", "web-1", 0),
    });
    const creates = {
      RunInstances: { ImageId: DEBIAN, InstanceType: "t3.micro", MinCount: "1", MaxCount: "1", ...tags("instance") },
      CreateSecurityGroup: { GroupName: "web", GroupDescription: "a test's", ...tags("security-group") },
      ImportKeyPair: {
        KeyName: "ops",
        PublicKeyMaterial: Buffer.from(PUBLIC_KEY).toString("base64"),
        ...tags("key-pair"),
      },
    };
    for (const [action, fields] of Object.entries(creates)) {
      const form = { Action: action, Version: "2016-11-15", ...fields };
      const body = new URLSearchParams(form).toString();
      const scope = `AWS4-HMAC-SHA256 Credential=run/20260101/${REGION}/ec2/aws4_request`;
      const headers = { authorization: scope, "content-type": "application/x-www-form-urlencoded" };
      const request = { method: "POST", target: "/", headers, body: Buffer.from(body) };
      const creation = aws.gateway.creation("POST", "/", form, request)!;
      expect(aws.gateway.scopes("POST", "/", request)).toEqual([
        `${action === "RunInstances" ? "run" : "change"}@${REGION}/${action}`,
      ]);
      expect(await creation.find(call())).toBeUndefined();

      const signed = { ...headers, ...aws.gateway.authorize(call().account, request) };
      const made = await fetch(simulator.url, { method: "POST", headers: signed, body });
      const text = await made.text();
      const found = await creation.find(call());

      expect(made.status, text).toBe(200);
      expect(found?.id).toBe(creation.idOf(text));
      expect(creation.idOf(found?.body)).toBe(found?.id);
      if (model) expect(model.checkAnswer(action, parseXml(String(found?.body), action))).toEqual([]);
      const foreign = { ...form, "TagSpecification.1.Tag.1.Key": "role" };
      expect(aws.gateway.creation("POST", "/", foreign, request)).toBeUndefined();
    }
  }, 60_000);

  it("meet no limit of EC2's, though each action has its own in each region", async () => {
    await control.resetCalls();

    await Promise.all(Array.from({ length: 120 }, () => aws.observe(`${REGION}/i-0123456789abcdef0`, call())));

    const calls = await control.calls();
    expect(calls.reduce((sum, { count }) => sum + count, 0)).toBe(120);
    expect(calls.filter(({ status }) => status === 503)).toEqual([]);
  }, 60_000);
});
