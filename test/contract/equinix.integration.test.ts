import { clouds } from "../../resources/registry.ts";
import { EQUINIX_PROJECT, EQUINIX_TOKEN, startEquinix } from "../../simulators/equinix/index.ts";
import { serverSpec } from "../resources/fixtures.ts";
import { simulatedPeer } from "./peers.ts";
import { describeCloud } from "./suite.ts";

describeCloud("equinix", () =>
  simulatedPeer(clouds.equinix, startEquinix, {
    credentials: { token: EQUINIX_TOKEN },
    accountOptions: { project: EQUINIX_PROJECT },
    paths: { list: "/projects/[^/]+/devices$", observe: "/metal/v1/devices/[^/]+$" },
    server: serverSpec({ size: "c3.small.x86", region: "da", createOnly: { image: "debian_12", keys: [] } }),
  }),
);
