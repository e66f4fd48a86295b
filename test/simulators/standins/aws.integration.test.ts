import { Instance, type InstanceArgs } from "@pulumi/aws/ec2/instance.js";
import { KeyPair } from "@pulumi/aws/ec2/keyPair.js";
import { SecurityGroup, type SecurityGroupArgs } from "@pulumi/aws/ec2/securityGroup.js";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AWS_CREDENTIALS, startAws } from "../../../simulators/aws/index.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { DEBIAN, motoMissing, PUBLIC_KEY } from "../../aws/peer.ts";
import { Bench } from "./harness.ts";

const missing = await motoMissing();
const REGION = "eu-west-1";

let simulator: Simulator;
let control: SimulatorClient;
let bench: Bench;

const everywhere = { cidrBlocks: ["0.0.0.0/0"], ipv6CidrBlocks: ["::/0"] };
const rule = (port: number, blocks: object = everywhere) => ({
  protocol: "tcp",
  fromPort: port,
  toPort: port,
  ...blocks,
});

/** One of each type, in another region than the plugin's own. */
function fleet(machine: Partial<InstanceArgs> = {}, group: Partial<SecurityGroupArgs> = {}): PulumiFn {
  return async () => {
    const key = new KeyPair("key", { region: REGION, keyName: "ops", publicKey: PUBLIC_KEY, tags: { Name: "ops" } });
    const fw = new SecurityGroup("fw", {
      region: REGION,
      name: "web",
      description: "of a test",
      ingress: [rule(22), rule(443)],
      egress: [{ protocol: "-1", fromPort: 0, toPort: 0, ...everywhere }],
      tags: { Name: "web" },
      ...group,
    });
    new Instance("node-1", {
      region: REGION,
      ami: DEBIAN,
      instanceType: "t3.micro",
      keyName: key.keyName,
      monitoring: true,
      tags: { Name: "node-1", role: "web" },
      vpcSecurityGroupIds: [fw.id],
      userData: pulumi.secret("#cloud-config\nhostname: node-1\n"),
      ...machine,
    });
  };
}

describe.skipIf(missing)(`the official aws plugin's stand-in${missing ? ` (${missing})` : ""}`, () => {
  beforeAll(async () => {
    simulator = await startAws({ rateScale: 0 });
    control = new SimulatorClient(simulator.url);
  }, 240_000);
  afterAll(() => simulator?.close());
  beforeEach(async () => {
    bench = await Bench.open("aws", {
      AWS_ENDPOINT_URL_EC2: simulator.url,
      AWS_ENDPOINT_URL_STS: simulator.url,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: AWS_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: AWS_CREDENTIALS.secretAccessKey,
    });
    await control.resetCalls();
  }, 120_000);
  afterEach(async () => {
    await control.clearFaults();
    await bench.destroy();
    await bench.close();
  }, 60_000);

  it("makes, changes in place, sees what a hand has done, and takes all away", async () => {
    bench.program = fleet();
    const up = await bench.up();
    expect(up, up.output).toMatchObject({ ok: true, steps: { fw: "create", key: "create", "node-1": "create" } });
    expect((await control.servers())[0]).toMatchObject({
      name: "node-1",
      region: REGION,
      size: "t3.micro",
      power: "running",
    });
    const entry = await bench.entry("node-1");
    expect(entry?.outputs).toMatchObject({
      region: REGION,
      monitoring: true,
      keyName: "ops",
      instanceState: "running",
    });
    expect(JSON.stringify(entry?.outputs?.userData)).toContain("#cloud-config");
    for (const refresh of [false, true]) expect((await bench.preview({ refresh })).paths).toEqual({});

    bench.program = fleet(
      { instanceType: "t3.small", monitoring: false, tags: { Name: "node-2", tier: "front" } },
      { ingress: [rule(443), rule(8080, { cidrBlocks: ["10.0.0.0/8"] })], egress: [] },
    );
    const change = await bench.up();
    expect(change, change.output).toMatchObject({ ok: true, steps: { fw: "update", "node-1": "update" } });
    expect((await control.servers())[0]).toMatchObject({
      name: "node-2",
      size: "t3.small",
      tags: ["tier:front"],
      power: "running",
    });
    for (const refresh of [false, true]) expect((await bench.preview({ refresh })).paths).toEqual({});

    await control.change((await control.servers())[0]!.id, { name: "renamed" });
    expect((await bench.preview({ refresh: true })).paths["node-1"]).toEqual(
      expect.arrayContaining([expect.stringMatching(/^tags/)]),
    );

    const gone = await bench.destroy();
    expect(gone.ok, gone.output).toBe(true);
    expect(await control.servers()).toEqual([]);
  }, 120_000);

  it("replaces for another region or processor, and for no edit of the user data", async () => {
    bench.program = fleet();
    await bench.up();

    bench.program = fleet({ instanceType: "t4g.small" });
    expect((await bench.preview()).steps["node-1"]).toMatch(/replace|delete/);
    bench.program = fleet({ region: "us-east-1" });
    expect((await bench.preview()).steps["node-1"]).toMatch(/replace|delete/);
    bench.program = fleet({ userData: "other" });
    expect((await bench.preview()).steps["node-1"]).toBe("update");
  }, 120_000);

  it("buys one machine when the answer to its create is lost, because its SDK repeats the client token", async () => {
    await control.fault({ match: { path: "/RunInstances$" }, action: { kind: "dropAfter" } });
    await control.fault({ match: { path: "/RunInstances$" }, action: { kind: "status", status: 503 } });
    bench.program = fleet();

    const up = await bench.up();

    expect(up, up.output).toMatchObject({ ok: true });
    expect(await control.servers()).toHaveLength(1);
  }, 120_000);

  it("refuses inputs that it does not have, and credentials that are not right", async () => {
    bench.program = fleet({ iamInstanceProfile: "x" });
    expect(await bench.preview()).toMatchObject({ ok: false, output: expect.stringContaining("iamInstanceProfile") });

    const other = await Bench.open("aws", {
      AWS_ENDPOINT_URL: simulator.url,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: AWS_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: "wrong",
    });
    other.program = fleet();
    expect(await other.up()).toMatchObject({ ok: false, output: expect.stringContaining("SignatureDoesNotMatch") });
    await other.close();
  }, 120_000);
});
