import { clouds } from "../../resources/registry.ts";
import { HIVELOCITY_KEY, startHivelocity } from "../../simulators/hivelocity/index.ts";
import { serverSpec } from "../resources/fixtures.ts";
import { simulatedPeer } from "./peers.ts";
import { describeCloud } from "./suite.ts";

describeCloud(
  "hivelocity",
  () =>
    simulatedPeer(clouds.hivelocity, startHivelocity, {
      credentials: { apiKey: HIVELOCITY_KEY },
      paths: { list: "/(compute|device)/$", observe: "/(compute|device)/\\d+$" },
      server: serverSpec({ size: "504", region: "TPA2", createOnly: { image: "Debian 12", keys: [] } }),
    }),
  {
    "never take omit for": "the list has no total to hold it against; the core looks twice, directly",
    "list all pages": "the list has no pages",
  },
);
