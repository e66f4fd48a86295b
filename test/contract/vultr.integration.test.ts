import { clouds } from "../../resources/registry.ts";
import { startVultr, VULTR_API_KEY } from "../../simulators/vultr/index.ts";
import { serverSpec } from "../resources/fixtures.ts";
import { simulatedPeer } from "./peers.ts";
import { describeCloud } from "./suite.ts";

const peer = (collection: string, size: string) =>
  simulatedPeer(clouds.vultr, startVultr, {
    credentials: { apiKey: VULTR_API_KEY },
    paths: { list: `/v2/${collection}$`, observe: `/v2/${collection}/[0-9a-f-]{36}$` },
    server: serverSpec({ size, region: "ewr", createOnly: { image: "os:2136", keys: [] } }),
  });

describeCloud("vultr", () => peer("instances", "vc2-1c-1gb"));

const UNTOLD = "Vultr does not tell whether bare metal is switched on";

describeCloud(
  "vultr bare metal",
  async () => {
    const metal = await peer("bare-metals", "vbm-4c-32gb");
    const { add } = metal.control;
    return { ...metal, control: { ...metal.control, add: (partial) => add({ size: "vbm-4c-32gb", ...partial }) } };
  },
  { "see a change made by hand at once": UNTOLD, "stop leaves the machine stopped": UNTOLD },
);
