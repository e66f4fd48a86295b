import { describe, expect, it } from "vitest";
import { Refusal } from "../../../../../controller/api/dialect/refusal.ts";
import { idOf, nameOf } from "../../../../../controller/api/vps/instances/ids.ts";
import { inRequestsWords } from "../../../../../controller/api/vps/instances/refused.ts";
import { FleetError, type FleetErrorCode } from "../../../../../resources/errors.ts";

describe("a refusal in the request's words", () => {
  it.each<[FleetErrorCode, string, string, string | undefined]>([
    ["FLEET_INVALID", "servers/a.yaml:7:1: size: is not sold", "invalid", "type"],
    ["FLEET_INVALID", "servers/a.yaml:7:1: labels.x: makes the tag too short", "invalid", "tags"],
    ["FLEET_INVALID", "keys/k.yaml:4:1: publicKey: must be one key", "invalid", "sshKeys"],
    ["FLEET_INVALID", "servers/a.yaml:7:1: provider.vpcUuid: must be text", "invalid", "vpc_uuid"],
    ["FLEET_INVALID", "servers/a.yaml:7:1: secrets.rootPassword: none", "invalid", "rootPassword"],
    ["FLEET_INVALID", "servers/a.yaml:7:1: owner: too long", "invalid", undefined],
    ["CLOUD_REFUSED", "You specified an invalid size for Droplet creation.", "invalid", "type"],
    ["CLOUD_REFUSED", "stackscript_data: hostname is required", "invalid", "stackscriptData"],
    ["CLOUD_REFUSED", "Something else is wrong", "provider", undefined],
    ["CLOUD_AUTH", "the token may not name an image", "credentials", undefined],
    ["CLOUD_OUT_OF_STOCK", "no capacity in this region", "capacity", undefined],
  ])("%s: %s", (code, message, kind, field) => {
    const refusal = inRequestsWords(new FleetError(code, message));

    expect([refusal.kind, refusal.field]).toEqual([kind, field]);
  });

  it("keeps what has a field already, and says nothing of the fleet's files", () => {
    const own = new Refusal("invalid", "no", { field: "image" });

    expect(inRequestsWords(own)).toBe(own);
    expect(inRequestsWords(new FleetError("FLEET_INVALID", "servers/a.yaml:7:1: region: no such")).message).toBe(
      "no such",
    );
  });
});

it("finds an instance's name by its id, which is a UUID of version 4", () => {
  const id = idOf("0123456789abcdef0123456789abcdef");

  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(nameOf(id)).toBe("vps-0123456789ab");
});
