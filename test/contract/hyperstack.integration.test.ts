import { createBudget } from "../../resources/budget.ts";
import { clouds } from "../../resources/registry.ts";
import { HYPERSTACK_KEY, startHyperstack } from "../../simulators/hyperstack/index.ts";
import { serverSpec } from "../resources/fixtures.ts";
import { simulatedPeer } from "./peers.ts";
import { describeCloud } from "./suite.ts";

describeCloud("hyperstack", async () => {
  const peer = await simulatedPeer(clouds.hyperstack, startHyperstack, {
    credentials: { apiKey: HYPERSTACK_KEY },
    paths: { list: "/core/virtual-machines$", observe: "/core/virtual-machines/\\d+$" },
    server: serverSpec({ size: "n3-L40x1", region: "CANADA-1", createOnly: { image: "Debian 12", keys: [] } }),
  });
  // An injected 429 would keep the account's real budget quiet for as long as Hyperstack shuts one out.
  return { ...peer, account: { ...peer.account, budget: createBudget({}) } };
});
