import { describe, expect, it } from "vitest";
import { hardwareOf } from "../../../resources/hivelocity/hardware.ts";
import { learn, wordsOf } from "../../../resources/hivelocity/http.ts";
import { hivelocity } from "../../../resources/hivelocity/index.ts";
import { actualOf } from "../../../resources/hivelocity/states.ts";
import { serverSpec } from "../fixtures.ts";

const device = { deviceId: 7, orderId: 9, hostname: "a.example.net", powerStatus: "ON", tags: [] };

describe("the state of a device", () => {
  it.each([
    { said: { spsStatus: "IN_USE" }, power: "running", provisioning: undefined },
    { said: { metadata: { sps_status: "InUse" } }, power: "running", provisioning: undefined },
    { said: {}, power: "running", provisioning: undefined },
    { said: { spsStatus: "WAIT_FOR_PXE" }, power: "changing", provisioning: { percent: 25, step: "WAIT_FOR_PXE" } },
    {
      said: { metadata: { sps_status: "ProvisionStarted" } },
      power: "changing",
      provisioning: { percent: 38, step: "PROVISION_STARTED" },
    },
    { said: { spsStatus: "BUILDING" }, power: "changing", provisioning: { step: "BUILDING" } },
    { said: { spsStatus: "IN_USE", isReload: true }, power: "changing", provisioning: { step: "RELOADING" } },
    { said: { spsStatus: "FAILED" }, power: "changing", provisioning: { step: "FAILED", failed: true } },
  ])("is $power for $said", ({ said, power, provisioning }) => {
    const actual = actualOf(device, { deviceId: 7, ...said });

    expect(actual.power).toBe(power);
    expect(actual.provisioning).toEqual(provisioning);
  });

  it.each([
    { powerStatus: "ON", power: "running" },
    { powerStatus: "OFF", power: "stopped" },
    { powerStatus: "PENDING", power: "changing" },
    { powerStatus: null, power: "changing" },
  ])("is $power when its power is $powerStatus", ({ powerStatus, power }) => {
    expect(actualOf({ ...device, powerStatus }, undefined).power).toBe(power);
  });

  it("tells a name that was changed since it was ordered, and what a file would say", () => {
    const actual = actualOf(
      { ...device, productId: 504, osName: "Debian 12", locationName: "TPA2", period: "monthly", vlanId: 3 },
      { deviceId: 7, hostname: "b.example.net" },
    );

    expect(actual).toMatchObject({
      id: "7/9",
      name: "b.example.net",
      size: "504",
      image: "Debian 12",
      region: "TPA2",
      options: { period: "monthly", vlanId: 3 },
    });
  });
});

describe("hardware, as it is written for people", () => {
  const stock = { product_id: 1, data_center: "TPA2" };

  it.each([
    { text: { processor_info: { cores: 4, threads: 8 } }, vcpus: 8 },
    { text: { processor_info: { vCPUs: 2 } }, vcpus: 2 },
    { text: { product_cpu_cores: "<b>16</b> cores / <b>32</b> threads" }, vcpus: 32 },
    { text: { product_cpu: "Dual Xeon 12-core" }, vcpus: 12 },
    { text: {}, vcpus: 0 },
  ])("has $vcpus processors", ({ text, vcpus }) => {
    expect(hardwareOf({ ...stock, ...text }).vcpus).toBe(vcpus);
  });

  it.each([
    { product_drive: "960GB SSD", diskGiB: 960 },
    { product_drive: "2 x 960GB SSD", diskGiB: 1_920 },
    { product_drive: "1TB NVMe + 2 x 4TB HDD", diskGiB: 9_216 },
    { product_drive: "None", diskGiB: 0 },
  ])("has $diskGiB GiB in $product_drive", ({ product_drive, diskGiB }) => {
    expect(hardwareOf({ ...stock, product_drive }).diskGiB).toBe(diskGiB);
  });

  it.each([
    { product_gpu: "2 x NVIDIA A100 80GB", found: { gpus: 2, gpuType: "A100 80GB" } },
    { product_gpu: "NVIDIA L4", found: { gpus: 1, gpuType: "L4" } },
    { product_gpu: "None", found: {} },
    { product_gpu: "", found: {} },
  ])("has the GPUs of $product_gpu", ({ product_gpu, found }) => {
    const { gpus, gpuType } = hardwareOf({ ...stock, product_gpu });

    expect({ ...(gpus ? { gpus, gpuType } : {}) }).toEqual(found);
  });

  it("has memory and transfer in GiB", () => {
    const hardware = hardwareOf({ ...stock, product_memory: "64GB DDR4", product_bandwidth: "20TB / 10Gbps" });

    expect(hardware).toMatchObject({ memoryMiB: 65_536, transferGiB: 20_480 });
  });
});

describe("what Hivelocity cannot take", () => {
  const good = serverSpec({ size: "504" });

  it("is nothing in a good file", () => {
    expect(hivelocity.problems(good)).toEqual([]);
  });

  it.each([
    { name: "a host name that is no full one", server: { hostname: "web-1" }, path: "hostname" },
    { name: "a product that is no number", server: { size: "small" }, path: "size" },
    {
      name: "several keys",
      server: {
        createOnly: {
          image: "Debian 12",
          keys: [
            { name: "a", publicKey: "ssh-rsa AA" },
            { name: "b", publicKey: "ssh-rsa BB" },
          ],
        },
      },
      path: "keys",
    },
    { name: "a label that is too long", server: { labels: { key: "x".repeat(300) } }, path: "labels.key" },
  ])("is $name", ({ server, path }) => {
    expect(hivelocity.problems({ ...good, ...server }).map((problem) => problem.path)).toEqual([path]);
  });
});

describe("answers", () => {
  it("tell in seconds when the limit is renewed", () => {
    const headers = new Headers({
      "x-ratelimit-limit": "100",
      "x-ratelimit-remaining": "7",
      "x-ratelimit-reset": "30",
    });

    expect(learn(headers, 200, 1_000_000)).toEqual({ limit: 100, remaining: 7, resetAt: 1_030_000 });
  });

  it("say in one of two ways what is wrong", () => {
    expect(wordsOf({ code: 404, description: "Not here" })).toBe("Not here");
    expect(wordsOf({ message: "No", errors: { hostname: "bad" } })).toBe("No; hostname: bad");
    expect(wordsOf("<html>")).toBeUndefined();
  });
});
