import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NETBOX_TOKEN, startNetbox } from "../../simulators/netbox/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { NETBOX_WORLD } from "../controller/api/spot/world.ts";
import { clientOf } from "./http.ts";
import { loadSpec, SPECS_ABSENT } from "./spec.ts";

const spec = loadSpec("netbox");

describe.skipIf(!spec)(
  `the simulated NetBox answers as the official description says${spec ? "" : ` (${SPECS_ABSENT})`}`,
  () => {
    let simulator: Simulator;
    let send: ReturnType<typeof clientOf>;

    beforeAll(async () => {
      simulator = await startNetbox({ world: NETBOX_WORLD });
      send = clientOf(simulator.url, { authorization: `Token ${NETBOX_TOKEN}` });
    });
    afterAll(() => simulator.close());

    it.each([
      "/api/status/",
      "/api/dcim/devices/",
      "/api/dcim/devices/?name=gpu-host-001&name=gpu-host-002",
      "/api/dcim/devices/101/",
      "/api/tenancy/tenants/",
      "/api/tenancy/tenants/?id=11&id=13&limit=1",
      "/api/tenancy/tenants/11/",
    ])("GET %s", async (path) => {
      const { status, body } = await send("GET", path);
      expect(status).toBe(200);
      expect(spec?.checkResponse("GET", path.split("?")[0]!, status, body)).toEqual([]);
    });
  },
);
