import { expect, it } from "vitest";
import { accountsToChoose } from "../../../../controller/ui/reads/new-server.ts";
import type { Visit } from "../../../../controller/ui/visit.ts";

it("offers no account for a new server that is disabled or retired", async () => {
  const specs = [{ name: "b" }, { name: "off", active: false }, { name: "old", retired: true }, { name: "a" }];
  const accounts = new Map(specs.map((spec) => [spec.name, { spec }]));
  const view = { desired: { accounts }, isAccountWithin: () => true };
  const visit = { view: async () => view, who: {} } as unknown as Visit;

  const offered = await accountsToChoose(visit);

  expect(offered.map(({ name }) => name)).toEqual(["a", "b"]);
});
