import { describe, expect, it } from "vitest";
import { loadSpec, SPECS_ABSENT } from "./spec.ts";

const proxmox = loadSpec("proxmox-ve");
const linode = loadSpec("linode");

describe("the check against an API description", () => {
  it("is not there when the description is not", () => {
    expect(loadSpec("no-such-cloud")).toBeUndefined();
  });

  it.skipIf(!proxmox)(`reads the values of a form from text${proxmox ? "" : ` (${SPECS_ABSENT})`}`, () => {
    const path = "/api2/json/nodes/pve/qemu/100/clone";

    expect(proxmox?.checkRequest("POST", path, { newid: "101", full: "1" })).toEqual([]);
    expect(proxmox?.checkRequest("POST", path, { newid: "many", full: "maybe" })).toEqual([
      expect.stringContaining("/full"),
      expect.stringContaining("/newid"),
    ]);
  });

  it.skipIf(!linode)(`takes the path with the fewest parameters${linode ? "" : ` (${SPECS_ABSENT})`}`, () => {
    const page = { data: [{ region: "us-east", plan: "g6-nanode-1", available: true }], page: 1, pages: 1, results: 1 };

    expect(linode?.checkResponse("GET", "/v4/regions/availability", 200, page)).toEqual([]);
    expect(linode?.checkResponse("GET", "/v4/regions/us-east", 200, page)).not.toEqual([]);
  });

  it.skipIf(!linode)(`knows which requests have no body${linode ? "" : ` (${SPECS_ABSENT})`}`, () => {
    const path = "/v4/linode/instances/1/shutdown";

    expect(linode?.checkRequest("POST", path, {})).toEqual([]);
    expect(linode?.checkRequest("POST", path, { force: true })).toEqual([`POST ${path} takes no body`]);
  });
});
