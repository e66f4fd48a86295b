import { describe, expect } from "vitest";
import type { ServerSpec } from "../../resources/spec.ts";
import type { Context } from "./suite.ts";

/** What is desired and what is actual are told in the same words. */
export function comparingTests(context: Context): void {
  const { call, make, mark, observed, test } = context;
  describe("desired and actual", () => {
    test("agree on a machine that is as desired", async () => {
      const id = await make(context.peer.server, mark(11));

      expect(await observed(id)).toMatchObject(context.peer.cloud.expect(context.peer.server, mark(11)));
    });

    test("differ when a label, the name or the power differs", async () => {
      const id = await make(context.peer.server, mark(12));
      const actual = await observed(id);
      const others: ServerSpec[] = [
        { ...context.peer.server, labels: { role: "other" } },
        { ...context.peer.server, hostname: "other.example.net" },
        { ...context.peer.server, power: "stopped" },
      ];

      for (const other of others) expect(actual).not.toMatchObject(context.peer.cloud.expect(other, mark(12)));
    });

    test("turn labels into tags and back", async () => {
      const labels = { role: "web", tier: "Front End", path: "a/b_c.d:e", empty: "" };
      const id = await make({ ...context.peer.server, labels }, mark(13));

      expect(context.peer.cloud.labelsOf(await observed(id))).toEqual(labels);
    });
  });

  test("catalog: whole prices, known regions, nothing twice", async () => {
    const catalog = await context.peer.cloud.catalog(call());

    expect(catalog.sizes.length > 0).toBe(context.peer.cloud.capabilities.sizes);
    for (const size of catalog.sizes) {
      // Some clouds tell no prices; one without the other is half a price.
      const prices = [size.pricePerHourMicro, size.pricePerMonthMicro].filter((price) => price !== undefined);
      expect([0, 2], size.name).toContain(prices.length);
      expect(prices.every(Number.isSafeInteger), size.name).toBe(true);
      expect(size.vcpus * size.memoryMiB).toBeGreaterThan(0);
    }
    const names = (entries: { name: string }[]) => entries.map((entry) => entry.name);
    for (const all of [names(catalog.sizes), names(catalog.regions)]) expect(new Set(all).size).toBe(all.length);
    if (context.peer.cloud.capabilities.sizes) expect(names(catalog.sizes)).toContain(context.peer.server.size);
    expect(names(catalog.regions)).toContain(context.peer.server.region);
    expect(names(catalog.images)).toContain(context.peer.server.createOnly.image);
    expect(new Date(catalog.readAt).toISOString()).toBe(catalog.readAt);
  });

  test("resource names follow the identity and nothing else", async () => {
    const server = { ...context.peer.server, firewalls: ["web", "ops"] };
    const names = context.peer.cloud.group(server, "web-1").map((entry) => `${entry.type}::${entry.name}`);

    expect(new Set(names).size).toBe(names.length);
    expect(context.peer.cloud.group(server, "web-1")[0]?.name).toBe("web-1");
    expect(context.peer.cloud.group({ ...server, name: "renamed", hostname: "renamed" }, "web-1")).toEqual(
      context.peer.cloud.group(server, "web-1"),
    );
    const { shared } = context.peer.cloud;
    const firewall = shared(
      {
        kind: "Firewall",
        name: "web",
        account: "main",
        provider: context.name,
        rules: [],
        inboundPolicy: "drop",
        outboundPolicy: "accept",
        protect: false,
      },
      "web",
    );
    const { firewalls, firewallScope } = context.peer.cloud.capabilities;
    expect(firewall !== undefined).toBe(firewalls && firewallScope !== "server");
  });
}
