import { describe, expect, it } from "vitest";
import { declarations } from "../../../resources/equinix/declare.ts";
import { equinix } from "../../../resources/equinix/index.ts";
import { declaredBy, declareServer, declareShared, firewallSpec, keySpec, MARK, PUBLIC_KEY } from "../declared.ts";
import { serverSpec } from "../fixtures.ts";

const PROJECT = "52123fb2-ee46-4673-93a8-de2c2bdba33b";
const accountOptions = { project: PROJECT };
const server = serverSpec({
  size: "c3.small.x86",
  region: "da",
  createOnly: { image: "debian_12", keys: [{ name: "ops", publicKey: PUBLIC_KEY }] },
  options: { description: "a web server", hardwareReservation: "next-available", addresses: ["private_ipv4"] },
});
const declared = (context: object = {}, spec = server) =>
  declareServer(declarations, spec, { accountOptions, keyIds: { ops: "key-1" }, ...context });

describe("a device as declared", () => {
  it("carries project, name, plan, keys and mark from the first request on", async () => {
    const [device, ...more] = await declared({ userData: "#cloud-config\n" });

    expect(more).toEqual([]);
    expect(device?.inputs).toEqual({
      projectId: PROJECT,
      hostname: "web-1.example.net",
      plan: "c3.small.x86",
      metro: "da",
      operatingSystem: "debian_12",
      billingCycle: "hourly",
      tags: [MARK, "role:web", "tier:_46_ront_20__45_nd"],
      projectSshKeyIds: ["key-1"],
      userData: "#cloud-config\n",
      description: "a web server",
      hardwareReservationId: "next-available",
      ipAddresses: [{ type: "private_ipv4" }],
    });
    expect(device?.secrets).toEqual(["userData"]);
  });

  it("is replaced by `rebuild`, deleting first, and by no edit of what applies to new machines", async () => {
    const [device] = await declared({ rebuild: 2 });

    expect(device?.opts).toMatchObject({ replacementTrigger: 2, deleteBeforeReplace: true });
    expect(device?.opts.ignoreChanges).toEqual(
      expect.arrayContaining([
        "operatingSystem",
        "projectSshKeyIds",
        "userData",
        "billingCycle",
        "hardwareReservationId",
      ]),
    );
    for (const replaces of ["plan", "metro"]) expect(device?.opts.ignoreChanges).not.toContain(replaces);
  });

  it("declares no provider, so that no token is in state", async () => {
    const [device] = await declared();

    expect(device?.opts.provider).toBeUndefined();
  });

  it("is named as the group says", async () => {
    const resources = await declared();

    expect(resources.map(({ type, name }) => ({ type, name }))).toEqual(equinix.group(server, "web-1"));
  });

  it("is refused without a project, and with a name that Metal does not take", () => {
    const declare = (spec: typeof server, options: object) => () =>
      declarations.declareServer(spec, {
        identity: "web-1",
        mark: MARK,
        rebuild: 0,
        firewallIds: {},
        keyIds: {},
        accountOptions: { ...options },
        opts: {},
      });

    expect(declare(server, {})).toThrow(expect.objectContaining({ code: "FLEET_INVALID" }));
    expect(declare({ ...server, hostname: "web_1" }, accountOptions)).toThrow(/underscore/);
  });
});

describe("shared objects on Equinix Metal, as declared", () => {
  it("are keys of the project whose labels end with the mark", async () => {
    const [key] = await declaredBy((opts) =>
      declarations.declareShared(keySpec(), { identity: "ops", mark: MARK, accountOptions, opts }),
    );

    expect(key?.inputs).toEqual({ name: `ops ${MARK}`, publicKey: PUBLIC_KEY, projectId: PROJECT });
    expect({ type: key?.type, name: key?.name }).toEqual(equinix.shared(keySpec(), "ops"));
  });

  it("are no firewalls", async () => {
    expect(equinix.shared(firewallSpec(), "web")).toBeUndefined();
    await expect(declareShared(declarations, firewallSpec())).rejects.toMatchObject({ code: "CLOUD_UNSUPPORTED" });
  });
});
