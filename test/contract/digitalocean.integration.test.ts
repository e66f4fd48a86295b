import { clouds } from "../../resources/registry.ts";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../simulators/digitalocean/index.ts";
import { serverSpec } from "../resources/fixtures.ts";
import { simulatedPeer } from "./peers.ts";
import { describeCloud } from "./suite.ts";

describeCloud("digitalocean", () =>
  simulatedPeer(clouds.digitalocean, startDigitalOcean, {
    credentials: { token: DIGITALOCEAN_TOKEN },
    paths: { list: "/v2/droplets$", observe: "/v2/droplets/\\d+$" },
    server: serverSpec({ size: "s-1vcpu-1gb", region: "nyc3", createOnly: { image: "debian-12-x64", keys: [] } }),
  }),
);
