import { Instance } from "@pulumi/aws/ec2/instance.js";
import { KeyPair } from "@pulumi/aws/ec2/keyPair.js";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../../../controller/gateway/index.ts";
import { aws } from "../../../resources/aws/index.ts";
import { MARK_TAG, sharedName } from "../../../resources/aws/names.ts";
import { createBudget } from "../../../resources/budget.ts";
import { ownerMark } from "../../../resources/mark.ts";
import { AWS_CREDENTIALS, startAws } from "../../../simulators/aws/index.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import type { Fault, Simulator } from "../../../simulators/simulator.ts";
import { DEBIAN, motoMissing, PUBLIC_KEY } from "../../aws/peer.ts";
import { Bench } from "../../simulators/standins/harness.ts";
import { accountOf, MemoryJournal } from "./peer.ts";

const missing = await motoMissing();
const REGION = "eu-west-1";
/** One attempt a request: what is repeated here is repeated by the gateway, as for a plugin that was killed. */
const ONCE = { AWS_MAX_ATTEMPTS: "1" };

let simulator: Simulator;
let control: SimulatorClient;
let gateway: Gateway;
let bench: Bench;
let generation = 0;

/** A key, a group and a machine in it, each with its mark. */
function fleet(): PulumiFn {
  const mark = (kind: string) => ownerMark("test", kind, "node-1", generation);
  const tags = (kind: string) => ({ Name: "node-1", [MARK_TAG]: mark(kind) });
  return async () => {
    const region = REGION;
    const key = new KeyPair("key", {
      region,
      keyName: sharedName("ops", mark("SshKey")),
      publicKey: PUBLIC_KEY,
      tags: tags("SshKey"),
    });
    const group = new SecurityGroup("group", {
      region,
      name: sharedName("web", mark("Firewall")),
      ingress: [{ protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["0.0.0.0/0"] }],
      egress: [],
      tags: tags("Firewall"),
    });
    new Instance("node-1", {
      region,
      ami: DEBIAN,
      instanceType: "t3.micro",
      keyName: key.keyName,
      vpcSecurityGroupIds: [group.id],
      tags: tags("Server"),
    });
  };
}

describe.skipIf(missing)(`AWS through the gateway${missing ? ` (${missing})` : ""}`, () => {
  beforeAll(async () => {
    simulator = await startAws();
    control = new SimulatorClient(simulator.url);
  }, 240_000);
  afterAll(() => simulator?.close());
  beforeEach(async () => {
    generation++;
    const account = { ...accountOf(simulator.url, createBudget(aws.limits)), credentials: AWS_CREDENTIALS };
    gateway = await startGateway({
      account,
      cloud: aws,
      journal: new MemoryJournal(),
      settleMs: 800,
      lookEveryMs: 200,
    });
    bench = await Bench.open("aws", { ...gateway.environment, ...ONCE });
    bench.program = fleet();
    await control.resetCalls();
  }, 120_000);
  afterEach(async () => {
    await control.clearFaults();
    await bench.destroy();
    await bench.close();
    await gateway.close();
  }, 60_000);

  const faults: { name: string; action: Fault["action"] }[] = [
    { name: "makes one of each when the answers to the creates are lost", action: { kind: "dropAfter" } },
    { name: "makes one of each when the answers break off", action: { kind: "truncate" } },
  ];
  it.each(faults)(
    "$name",
    async ({ action }) => {
      for (const create of ["RunInstances", "CreateSecurityGroup", "ImportKeyPair"])
        await control.fault({ match: { path: `/${create}$` }, action });

      const up = await bench.up();

      expect(up, up.output).toMatchObject({ ok: true, steps: { key: "create", group: "create", "node-1": "create" } });
      const servers = await control.servers();
      expect(servers).toHaveLength(1);
      expect(`${REGION}/${(await bench.entry("node-1"))?.id}`).toBe(servers[0]?.id);
      expect((await bench.preview({ refresh: true })).paths).toEqual({});
      const calls = await control.calls();
      expect(calls.filter(({ route }) => /Create|Import|Run/.test(route)).map(({ count }) => count)).toEqual([1, 1, 1]);
      expect(calls.filter(({ status }) => status === 503)).toEqual([]);
    },
    120_000,
  );

  it("goes on from a run that was cut off between making a group and giving it its rules", async () => {
    await control.fault({ match: { path: "/AuthorizeSecurityGroupIngress" }, action: { kind: "status", status: 400 } });
    expect((await bench.up()).ok).toBe(false);
    await bench.rewrite(() => []);

    const up = await bench.up();

    expect(up, up.output).toMatchObject({ ok: true });
    expect(await control.servers()).toHaveLength(1);
    expect((await bench.preview({ refresh: true })).paths).toEqual({});
  }, 120_000);

  it("looks for nothing where EC2 says that it has none left", async () => {
    const body =
      "<Response><Errors><Error><Code>InsufficientInstanceCapacity</Code><Message>none</Message></Error></Errors></Response>";
    await control.fault({ match: { path: "/RunInstances$" }, action: { kind: "status", status: 500, body } });

    const up = await bench.up();

    expect(up).toMatchObject({ ok: false, output: expect.stringContaining("InsufficientInstanceCapacity") });
    expect(gateway.stats.unanswered).toBe(0);
  }, 120_000);

  it("answers its own errors as EC2 does, and passes on requests to EC2 and STS only", async () => {
    const ask = (service: string, key: string) =>
      fetch(gateway.url, {
        method: "POST",
        headers: {
          authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260101/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=00`,
        },
        body: "Action=DescribeRegions",
      });

    const stranger = await ask("ec2", "AKIANOBODY");
    const other = await ask("s3", gateway.token);

    expect([stranger.status, await stranger.text()]).toEqual([
      401,
      expect.stringMatching(/<Code>unauthorized<\/Code>/),
    ]);
    expect([other.status, await other.text()]).toEqual([502, expect.stringMatching(/<Message>.*EC2 and STS only/)]);
  });
});
