import { describe, expect, it } from "vitest";
import { declarations } from "../../../resources/hivelocity/declare.ts";
import { hivelocity } from "../../../resources/hivelocity/index.ts";
import { checkDevice, checkKey } from "../../../resources/hivelocity/plugin-fields.ts";
import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import { declareServer, declareShared, keySpec, MARK, PUBLIC_KEY } from "../declared.ts";
import { serverSpec } from "../fixtures.ts";

const server = serverSpec({
  provider: "hivelocity",
  size: "504",
  region: "TPA2",
  createOnly: { image: "Debian 12", keys: [{ name: "ops", publicKey: PUBLIC_KEY }] },
  options: { vlanId: 12, bonding: true },
});

describe("a declared Device", () => {
  it("is made of the server's document, with the mark among its tags and the user data secret", async () => {
    const [device] = await declareServer(declarations, server, {
      keyIds: { ops: "77" },
      userData: "#cloud-config\n",
      accountOptions: { period: "monthly" },
    });

    expect(device).toMatchObject({ type: "fleetwright:hivelocity:Device", name: "web-1", secrets: ["script"] });
    expect(device?.inputs).toMatchObject({
      mark: MARK,
      productId: 504,
      location: "TPA2",
      osName: "Debian 12",
      hostname: "web-1.example.net",
      tags: [MARK, "role:web", "tier:_46_ront_20__45_nd"].sort(),
      period: "monthly",
      publicKeyId: 77,
      script: "#cloud-config\n",
      vlanId: 12,
      bonding: true,
    });
    expect(device?.opts).toMatchObject({ replacementTrigger: 0, deleteBeforeReplace: true });
    expect(device?.opts.ignoreChanges).toContain("osName");
    expect(hivelocity.group(server, "web-1")).toEqual([{ type: device?.type, name: device?.name }]);
  });

  it("passes its own check", async () => {
    const [device] = await declareServer(declarations, server);
    const inputs = Object.fromEntries(
      Object.entries(device!.inputs).filter(([, value]) => value !== undefined),
    ) as PropertyMap;
    for (const output of ["deviceId", "ipv4", "ipv6", "status"]) delete inputs[output];

    expect(checkDevice(inputs).failures).toEqual([]);
    expect(checkDevice({ ...inputs, hostname: "web", tags: [] }).failures.map(({ path }) => path)).toEqual([
      "hostname",
      "tags",
    ]);
  });

  it("is refused for what the cloud cannot take", async () => {
    await expect(declareServer(declarations, { ...server, hostname: "web-1" })).rejects.toThrow("full domain name");
  });
});

describe("what an account shares", () => {
  it("are keys, with the mark at the end of the name", async () => {
    const [key] = await declareShared(declarations, { ...keySpec(), provider: "hivelocity" });

    expect(key).toMatchObject({
      type: "fleetwright:hivelocity:SshKey",
      name: "key.web",
      inputs: { mark: MARK, name: `ops ${MARK}`, publicKey: PUBLIC_KEY },
    });
    expect(checkKey(key!.inputs as PropertyMap).failures).toEqual([]);
  });
});
