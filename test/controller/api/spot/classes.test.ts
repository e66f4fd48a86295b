import { describe, expect, it } from "vitest";
import { Refusal } from "../../../../controller/api/dialect/refusal.ts";
import { toldOf } from "../../../../controller/api/spot/answers.ts";
import { byVariant, classOf, gpuTypesOf } from "../../../../controller/api/spot/classes.ts";
import { chosen } from "../../../../controller/api/spot/recommend.ts";
import { summaryOf } from "../../../../controller/api/spot/sums.ts";
import { withoutHost } from "../../../../controller/fleet/hosts-edit.ts";
import { FleetError } from "../../../../resources/errors.ts";
import { gpusOfFlavor, isGpuClass } from "../../../../resources/openstack/gpus.ts";
import { hostStatus } from "../../../../resources/openstack/hosts.ts";

const TYPES = new Set(["L40", "RTX-A6000", "A100"]);

describe("the class of an aggregate", () => {
  it.each([
    ["L40-n3", { gpuType: "L40", class: "ondemand" }],
    ["L40-n3-NVLink", { gpuType: "L40", class: "ondemand", variant: "NVLink" }],
    ["L40-n3-spot", { gpuType: "L40", class: "spot" }],
    ["L40-n3-runpod", { gpuType: "L40", class: "runpod" }],
    ["RTX-A6000-n3-NVLink-spot", { gpuType: "RTX-A6000", class: "spot", variant: "NVLink" }],
    ["Contract-L40-Customer1", { gpuType: "L40", class: "contracts" }],
    ["Contract-RTX-A6000-Big-Co", { gpuType: "RTX-A6000", class: "contracts" }],
    ["Contract-H100-Someone", { gpuType: "H100", class: "contracts" }],
    ["nova", undefined],
    ["L40", undefined],
  ])("of the name %s", (name, expected) => {
    expect(classOf(name, undefined, TYPES)).toEqual(expected);
  });

  it("is what its file says, whatever its name", () => {
    expect(classOf("lab", { class: "contract", gpuType: "H200" }, TYPES)).toEqual({
      gpuType: "H200",
      class: "contracts",
    });
    expect(classOf("L40-n3", { class: "spot" }, TYPES)).toEqual({ gpuType: "L40", class: "spot" });
    expect([
      ...gpuTypesOf([{ name: "A100-n3" }, { name: "x" }, { name: "lab", file: { class: "spot", gpuType: "H200" } }]),
    ]).toEqual(["A100", "H200"]);
  });

  it("is named by the one without a variant", () => {
    const sorted = [{ name: "L40-n3-NVLink-spot", variant: "NVLink" }, { name: "L40-n3-spot" }].sort(byVariant);
    expect(sorted[0]!.name).toBe("L40-n3-spot");
  });
});

describe("GPUs", () => {
  it("are counted by a flavor's extra specs, else by its name", () => {
    expect(gpusOfFlavor("n3-RTX-A6000x4")).toBe(4);
    expect(gpusOfFlavor("n3-L40-8")).toBe(8);
    expect(gpusOfFlavor("n3-L40-8", { "pci_passthrough:alias": "L40:2" })).toBe(2);
    expect(gpusOfFlavor("m1.large")).toBe(0);
    expect(gpusOfFlavor("n3-L40")).toBe(0);
  });

  it("are what Placement counts under their type, their maker or the word", () => {
    const counted = ["VGPU", "CUSTOM_L40", "CUSTOM_PCI_10DE_26B9", "CUSTOM_RTX_A6000", "VCPU", "CUSTOM_SSD"].filter(
      (name) => isGpuClass(name, "L40"),
    );
    expect(counted).toEqual(["VGPU", "CUSTOM_L40", "CUSTOM_PCI_10DE_26B9"]);
    expect(isGpuClass("CUSTOM_RTX_A6000", "RTX-A6000")).toBe(true);
  });

  it("are summed with two decimals, and nothing is not divided by nothing", () => {
    expect(summaryOf([{ gpu_used: 24, gpu_capacity: 80 }])).toEqual({
      gpu_used: 24,
      gpu_capacity: 80,
      gpu_usage_ratio: "24/80",
      gpu_usage_percentage: 30,
    });
    expect(summaryOf([{ gpu_used: 156, gpu_capacity: 320 }]).gpu_usage_percentage).toBe(48.75);
    expect(summaryOf([{ gpu_used: 1, gpu_capacity: 3 }]).gpu_usage_percentage).toBe(33.33);
    expect(summaryOf([]).gpu_usage_percentage).toBe(0);
  });
});

it.each([
  [{ state: "up", status: "enabled" }, "active"],
  [{ state: "up", status: "disabled" }, "disabled"],
  [{ state: "down", status: "enabled" }, "down"],
  [undefined, "unknown"],
])("a host whose nova-compute is %j is %s", (service, expected) => {
  expect(hostStatus(service)).toBe(expected);
});

describe("a recommendation", () => {
  const ondemand = { name: "L40-n3", class: "ondemand" } as const;
  const linked = { name: "L40-n3-NVLink", class: "ondemand", variant: "NVLink" } as const;
  const spot = { name: "L40-n3-spot", class: "spot" } as const;
  const linkedSpot = { name: "L40-n3-NVLink-spot", class: "spot", variant: "NVLink" } as const;
  const runpod = { name: "L40-n3-runpod", class: "runpod" } as const;
  const SPOT = "Host has no running VMs, suitable for spot aggregate";

  it.each([
    { name: "without machines is the spot aggregate", current: ondemand, vms: 0, to: "L40-n3-spot", why: SPOT },
    { name: "in no aggregate too", current: undefined, vms: 0, to: "L40-n3-spot", why: SPOT },
    { name: "of a variant is that variant's", current: linked, vms: 0, to: "L40-n3-NVLink-spot", why: SPOT },
    { name: "of runpod too", current: runpod, vms: 0, to: "L40-n3-spot", why: SPOT },
    {
      name: "with machines is to stay",
      current: ondemand,
      vms: 2,
      to: "L40-n3",
      why: "Host has 2 running VMs, stays in L40-n3",
    },
  ])("for a host $name", ({ current, vms, to, why }) => {
    const own = [ondemand, linked, spot, linkedSpot, runpod];
    expect(chosen(own, current, "L40", vms)).toEqual({ recommended_aggregate: to, reasoning: why });
  });

  it("for a host is to stay where there is no spot aggregate, and under its contract", () => {
    expect(chosen([ondemand], ondemand, "L40", 0)).toEqual({
      recommended_aggregate: "L40-n3",
      reasoning: "Host has no running VMs, but L40 has no spot aggregate",
    });
    const contract = { name: "Contract-L40-X", class: "contracts" } as const;
    expect(chosen([spot, contract], contract, "L40", 0).recommended_aggregate).toBe("Contract-L40-X");
    expect(chosen([ondemand, spot], undefined, "L40", 1)).toMatchObject({ recommended_aggregate: "L40-n3" });
  });
});

describe("an error", () => {
  const at = (cloud: string) => new FleetError("CLOUD_UNAVAILABLE", "gone", { cloud });

  it.each([
    [new Refusal("malformed", "m"), 400],
    [new Refusal("forbidden", "over policy"), 400],
    [new Refusal("not-found", "n"), 404],
    [at("openstack"), 500],
    [at("netbox"), 503],
    [at("hyperstack"), 503],
    [new FleetError("CLOUD_AUTH", "a", { cloud: "openstack" }), 500],
    [new FleetError("CLOUD_AUTH", "a", { cloud: "netbox" }), 503],
    [new FleetError("CLOUD_RATE_LIMITED", "r", { cloud: "openstack" }), 503],
    [new FleetError("CREDENTIAL_MISSING", "c"), 503],
    [new FleetError("GUARD_REFUSED", "g"), 400],
    [new TypeError("a bug"), 500],
  ])("%s has its documented status", (error, status) => {
    const told = toldOf(error);
    expect(told.status).toBe(status);
    expect(Object.keys(told.body)).toEqual(["status", "error", "details"]);
  });

  it("names the change and the reason where something stands in the way, and nothing of a bug", () => {
    const { body } = toldOf(new Refusal("conflict", "protected", { change: "c-1" }));
    expect(body).toEqual({ status: "error", error: "protected", details: { reason: "protected", change: "c-1" } });
    expect(JSON.stringify(toldOf(new TypeError("secret")).body)).not.toContain("secret");
  });
});

it("a host is taken out of a file wherever it stands, and all else stays", () => {
  const text = `# ours\nkind: Aggregate\nname: L40-n3\naccount: main\nhosts: [a, b] # two\nvariants:\n  - name: L40-n3-spot\n    hosts: [c]\n    takenFrom: { c: L40-n3 }\n`;
  expect(withoutHost(text, "b")).toBe(text.replace("[a, b]", "[a]"));
  expect(withoutHost(text, "c")).toBe(text.replace("[c]", "[]").replace("{ c: L40-n3 }", "{}"));
  expect(withoutHost(text, "d")).toBe(text);
});
