import { clouds } from "../../resources/registry.ts";
import { OPENSTACK_CREDENTIALS, simulatedOpenStack, startOpenStack } from "../../simulators/openstack/index.ts";
import { serverSpec } from "../resources/fixtures.ts";
import { simulatedPeer } from "./peers.ts";
import { describeCloud } from "./suite.ts";

describeCloud(
  "openstack",
  () =>
    simulatedPeer(clouds.openstack, startOpenStack, {
      credentials: OPENSTACK_CREDENTIALS,
      paths: { list: "/servers/detail$", observe: "/servers/[0-9a-f-]{36}$" },
      server: serverSpec({ size: "m1.small", region: "nova", createOnly: { image: "debian-12", keys: [] } }),
      accountOptions: { ...simulatedOpenStack.accountOptions },
    }),
  { "never take omit": "the list has no total to hold it against; the core looks twice, directly" },
);
