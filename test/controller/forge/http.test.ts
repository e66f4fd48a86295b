import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FORGES } from "./forges.ts";
import type { SimulatedForge } from "./simulated-forge.ts";

const { signal } = new AbortController();

describe.each(FORGES)("a forge such as $name", ({ site: siteOf, client: clientOf, stranger, limits }) => {
  let site: SimulatedForge;
  let url: string;
  let now = Date.parse("2026-01-01T00:00:00Z");
  const client = (token = site.token) => clientOf({ url, token, now: () => now });

  beforeAll(async () => {
    site = siteOf(".");
    url = await site.start();
  });

  afterAll(async () => await site.stop());

  it("is left alone for as long as it wants, and asked again after", async () => {
    const forge = client();
    const reset = String(now / 1000 + 90);
    site.faults.push({ status: 403, headers: { [limits[0]]: "0", [limits[1]]: reset } });

    await expect(forge.me(signal)).rejects.toMatchObject({ code: "FORGE_FAILED", at: { waitMs: 90_000 } });
    const asked = site.requests.length;
    now += 60_000;
    await expect(forge.me(signal)).rejects.toMatchObject({ code: "FORGE_FAILED", at: { waitMs: 30_000 } });
    expect(site.requests).toHaveLength(asked);
    now += 31_000;
    expect(await forge.me(signal)).toEqual({ id: "900", name: "fleet-bot" });
    site.faults.push({ status: 429, headers: { "retry-after": "7" } });
    await expect(forge.me(signal)).rejects.toMatchObject({ at: { waitMs: 7000 } });
  });

  it.each([
    [{ status: 500 }, "FORGE_FAILED", /answered 500/],
    [{ status: 200, body: "<html>" }, "FORGE_FAILED", /is no JSON/],
    [{ status: 302, headers: { location: "http://127.0.0.1:1/user" } }, "FORGE_REFUSED", /no redirect is followed/],
    [{ status: 403 }, "FORGE_REFUSED", /the token may not do GET \/user/],
    [{ status: 404 }, "NOT_FOUND", /nothing at GET \/user/],
    [{ status: 422, body: '{"message":"Validation Failed"}' }, "FORGE_REFUSED", /422 \(Validation Failed\)/],
  ])("that answers %j is %s", async (fault, code, message) => {
    site.faults.push(fault);

    const error = await client()
      .me(signal)
      .catch((error: Error) => error);

    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(String((error as Error).message)).not.toContain(site.token);
  });

  it("that does not take the token, or is not there, says so", async () => {
    await expect(client("wrong").me(signal)).rejects.toMatchObject({
      code: "FORGE_REFUSED",
      message: expect.stringMatching(new RegExp(`does not take the token \\(${stranger}\\)`)),
    });
    const nobody = clientOf({ url: "http://127.0.0.1:9", token: "t", now: () => now });
    await expect(nobody.me(signal)).rejects.toMatchObject({
      code: "FORGE_FAILED",
      message: expect.stringMatching(/cannot be reached/),
    });
  });

  it("gives lists whole, whatever their pages are", async () => {
    for (let index = 0; index < 5; index++)
      site.comments.push({ id: index + 1, pull: 1, user: site.bot, body: "", created_at: "", updated_at: "" });
    site.known("Listed", "main", site.bot);

    const ids: number[] = [];
    for await (const { id } of client().comments(1, undefined, signal)) ids.push(id);

    expect(ids).toEqual([1, 2, 3, 4, 5]);
  });
});
