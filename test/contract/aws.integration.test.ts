import { describe, it } from "vitest";
import type { Cloud } from "../../resources/cloud.ts";
import { clouds } from "../../resources/registry.ts";
import { AWS_CREDENTIALS, startAws } from "../../simulators/aws/index.ts";
import { awsServer, motoMissing } from "../aws/peer.ts";
import { simulatedPeer } from "./peers.ts";
import { describeCloud } from "./suite.ts";

/** A thousand machines would take moto minutes; EC2 may answer shorter pages than it was asked for. */
const PAGE_SIZE = 6;
const aws: Cloud = { ...clouds.aws, capabilities: { ...clouds.aws.capabilities, pageSize: PAGE_SIZE } };

const missing = await motoMissing();

if (missing) describe("aws keeps the contract of a cloud", () => it.skip(missing, () => {}));
else
  describeCloud(
    "aws",
    () =>
      simulatedPeer(aws, (options) => startAws({ ...options, pageSize: PAGE_SIZE }), {
        credentials: AWS_CREDENTIALS,
        method: "POST",
        paths: { list: "/DescribeInstances$", observe: "/DescribeInstances/i-" },
        server: awsServer(),
        accountOptions: { regions: ["us-east-1", "eu-west-1"] },
      }),
    {
      "never take omit for":
        "EC2 tells no totals: what a page leaves out cannot be seen, and `gone` takes a reading by id",
    },
  );
