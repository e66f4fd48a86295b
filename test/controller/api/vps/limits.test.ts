import { expect, it } from "vitest";
import { PROVIDER_TYPES } from "../../../../controller/api/vps/provider-types.ts";
import { createBudget } from "../../../../resources/budget.ts";
import * as digitalocean from "../../../../resources/digitalocean/http.ts";
import * as linode from "../../../../resources/linode/http.ts";

const HOUR_MS = 3_600_000;
const REQUESTS = [
  ["GET", "/v4/linode/instances"],
  ["POST", "/v4/linode/instances"],
  ["GET", "/v4/linode/instances/7"],
  ["GET", "/v4/images"],
] as const;

it("has no more than 1,600 requests an hour of Linode's under the key of a provider that was added, whatever they are", () => {
  const budget = createBudget(linode.LIMITS, { overrides: PROVIDER_TYPES.linode!.budgets! });

  const { limit, windowMs } = budget.limitOf("account")!;
  expect(limit).toBe(1_600);
  expect(windowMs).toBeGreaterThanOrEqual(HOUR_MS);
  for (const [method, path] of REQUESTS) expect(linode.scopesOf(method, path)).toContain("account");
});

it("has no more than 5,000 requests an hour and 250 a minute of DigitalOcean's", () => {
  expect(digitalocean.LIMITS).toMatchObject({
    hour: { limit: 5_000, windowMs: HOUR_MS },
    minute: { limit: 250, windowMs: 60_000 },
  });
  for (const path of ["/v2/droplets", "/v2/droplets/7", "/v2/account/keys"])
    expect(digitalocean.scopesOf("GET", path)).toEqual(expect.arrayContaining(["hour", "minute"]));
});
