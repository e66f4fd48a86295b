import { describe, expect, it } from "vitest";
import { meaningOf } from "../../../resources/proxmox/http.ts";
import { wordsOf } from "../../../resources/proxmox/wire.ts";

describe("errors of Proxmox VE", () => {
  it.each([
    [500, "Configuration file 'nodes/pve1/qemu-server/101.conf' does not exist", { code: "NOT_FOUND" }],
    [500, "unable to create VM 101: config file already exists", { code: "CLOUD_REFUSED", taken: true }],
    [500, "unable to create VM 101 - VM 101 already exists on node 'pve2'", { code: "CLOUD_REFUSED", taken: true }],
    [500, "VM is locked (clone)", { code: "CLOUD_UNAVAILABLE", nothingDone: true }],
    [
      500,
      "can't lock file '/var/lock/qemu-server/lock-9000.conf' - got timeout",
      { code: "CLOUD_UNAVAILABLE", nothingDone: true },
    ],
    [500, "shrinking disks is not supported", { code: "CLOUD_REFUSED" }],
    [500, "VM 101 is running - destroy failed", { code: "CLOUD_REFUSED" }],
    [500, "storage 'fast' does not exist", { code: "CLOUD_REFUSED" }],
    [400, "Parameter verification failed.", { code: "CLOUD_REFUSED" }],
    [500, "something that nobody has seen", { code: "CLOUD_UNAVAILABLE" }],
    [500, "", { code: "CLOUD_UNAVAILABLE" }],
  ])("%i %s", (status, said, meaning) => {
    expect(meaningOf(status, said)).toMatchObject(meaning);
  });

  it("never takes words for gone that only mention a missing configuration", () => {
    expect(
      meaningOf(500, "clone failed: Configuration file 'nodes/pve1/qemu-server/101.conf' does not exist").code,
    ).not.toBe("NOT_FOUND");
  });

  it("are told with the text of each field", () => {
    const body = { data: null, message: "Parameter verification failed.\n", errors: { name: "no DNS name\n" } };

    expect(wordsOf(body)).toBe("Parameter verification failed.; name: no DNS name");
    expect(wordsOf({ data: null })).toBeUndefined();
    expect(wordsOf("<html>")).toBeUndefined();
  });
});
