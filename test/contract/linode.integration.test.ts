import { clouds } from "../../resources/registry.ts";
import { LINODE_TOKEN, startLinode } from "../../simulators/linode/index.ts";
import { serverSpec } from "../resources/fixtures.ts";
import { simulatedPeer } from "./peers.ts";
import { describeCloud } from "./suite.ts";

describeCloud("linode", () =>
  simulatedPeer(clouds.linode, startLinode, {
    credentials: { token: LINODE_TOKEN },
    paths: { list: "/linode/instances$", observe: "/linode/instances/\\d+$" },
    server: serverSpec({ size: "g6-nanode-1", region: "us-east", createOnly: { image: "linode/debian12", keys: [] } }),
  }),
);
