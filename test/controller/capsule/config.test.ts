import { describe, expect, it } from "vitest";
import { Refusal } from "../../../controller/api/dialect/refusal.ts";
import { type DeployConfig, fleetName, wishesOf } from "../../../controller/capsule/config.ts";
import { apiError } from "../../../controller/capsule/errors.ts";
import { instanceOf, ownersOf } from "../../../controller/capsule/instances.ts";
import { readTemplates, templateOf } from "../../../controller/capsule/templates.ts";
import { FleetError } from "../../../resources/errors.ts";
import { ownerMark } from "../../../resources/mark.ts";

const templates = readTemplates();
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXU2LKe2GWjyJWYD6y1S2V1N2mVw8rJm6mHh2z6hXkq ops@example.org";
const wishes = async (
  provider: string,
  id: string,
  config: DeployConfig,
  there: string[] = [],
  objects: object[] = [],
) =>
  await wishesOf(
    templateOf(templates, provider, id),
    config,
    { account: "main", owner: "ann@example.org" },
    { objects: objects as never },
    async (path) => there.includes(path),
  );

describe("wishesOf", () => {
  it("takes size, image and region from the template, and what the caller says before it", async () => {
    const [server] = await wishes("digitalocean", "do-basic-2", {
      name: "a",
      image: "ubuntu-24-04-x64",
      backups: true,
    });

    expect(server).toEqual({
      kind: "Server",
      name: "a",
      create: {
        account: "main",
        size: "s-2vcpu-4gb",
        region: "nyc1",
        image: "ubuntu-24-04-x64",
        owner: "ann@example.org",
        backups: true,
      },
    });
  });

  it("leaves ids of keys as they are, and makes a key of a text once", async () => {
    const config = { name: "a", ssh_keys: ["4711", KEY, KEY] };
    const [server, key, ...none] = await wishes("digitalocean", "do-basic-2", config);

    expect(server).toMatchObject({ create: { provider: { sshKeys: ["4711"] }, keys: [key!.name] } });
    expect(key).toEqual({
      kind: "SshKey",
      name: expect.stringMatching(/^key-[0-9a-f]{16}$/),
      create: { publicKey: KEY },
      orSame: true,
    });
    expect(none).toEqual([]);
    expect(await wishes("digitalocean", "do-basic-2", config, [`keys/${key!.name}.yaml`])).toHaveLength(1);
    const known = [{ spec: { kind: "SshKey", name: "ops@us-east-1", publicKey: KEY } }];
    expect(await wishes("aws", "aws-t3-micro", { name: "a", ssh_keys: [KEY] }, [], known)).toMatchObject([
      { create: { keys: ["ops"] } },
    ]);
  });

  it("refuses ids where a cloud has none", async () => {
    await expect(wishes("linode", "linode-nanode-1", { name: "a", ssh_keys: ["4711"] })).rejects.toMatchObject({
      status_code: 400,
    });
  });

  it("keeps the caller's name as the host name where the fleet's has to be another", async () => {
    expect(fleetName("Web 1.example.net")).toBe("web-1-example-net");
    const [server] = await wishes("hivelocity", "hv-vps-2", { name: "Web-1.example.net" });
    expect(server).toMatchObject({ name: "web-1-example-net", create: { hostname: "Web-1.example.net" } });
  });
});

describe("apiError", () => {
  it.each([
    { error: new Refusal("forbidden", "x"), status: 403, name: "AuthenticationError" },
    { error: new Refusal("conflict", "x", { change: "c-1" }), status: 409, name: "APIError" },
    { error: new Refusal("limited", "x"), status: 429, name: "RateLimitError" },
    { error: new Refusal("capacity", "x"), status: 503, name: "APIError" },
    { error: new FleetError("CLOUD_AUTH", "x", { status: 403 }), status: 403, name: "AuthenticationError" },
    { error: new FleetError("CREDENTIAL_MISSING", "x"), status: 401, name: "AuthenticationError" },
    { error: new FleetError("CLOUD_REFUSED", "x", { status: 422 }), status: 422, name: "APIError" },
    { error: new FleetError("NOT_FOUND", "x"), status: 404, name: "ResourceNotFoundError" },
    { error: new FleetError("GUARD_REFUSED", "x"), status: 409, name: "APIError" },
    { error: new FleetError("FLEET_INVALID", "x"), status: 400, name: "APIError" },
    { error: new Error("x"), status: 500, name: "APIError" },
  ])("takes $error.name $error.code$error.kind as $name $status", ({ error, status, name }) => {
    const told = apiError(error);

    expect(told).toMatchObject({ status_code: status, name, message: "x" });
    expect(told.change).toBe((error as { change?: string }).change);
  });
});

it("knows whose a machine is by its id, or by its mark before it is recorded", () => {
  const server = (name: string) => ({ spec: { kind: "Server", name, account: "main", formerly: [] } });
  const desired = { fleet: { id: "f" }, objects: [server("a"), server("b")] };
  const records = [{ kind: "Server", account: "i", name: "a", cloudId: "1", mark: "fw-x" }];
  const owner = ownersOf(desired as never, { spec: { name: "main" }, identity: "i" } as never, records as never);

  expect(owner({ id: "1" })).toBe("a");
  expect(owner({ id: "2", mark: ownerMark("f", "Server", "b", 0) })).toBe("b");
  expect(owner({ id: "3", mark: ownerMark("other", "Server", "b", 0) })).toBeUndefined();
});

it("tells a machine's public address, and what it waits for", () => {
  const actual = {
    id: "1",
    name: "a",
    power: "changing",
    status: "new",
    region: "x",
    ipv4: ["10.0.0.1", "203.0.113.7"],
    ipv6: ["2001:db8::1/64"],
    tags: [],
  };

  expect(instanceOf({ ...actual, provisioning: {} } as never, "vultr", undefined)).toMatchObject({
    status: "provisioning",
    ip_address: "203.0.113.7",
    ipv6_address: "2001:db8::1",
    managed: false,
  });
});
