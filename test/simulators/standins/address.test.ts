import { expect, it } from "vitest";
import { standinPackage } from "../../../simulators/standins/index.ts";

it.each([
  { name: "linode", env: { LINODE_URL: "http://127.0.0.1:4000" }, defaults: { url: "http://127.0.0.1:4000" } },
  {
    name: "digitalocean",
    env: { DIGITALOCEAN_API_URL: "http://127.0.0.1:4000" },
    defaults: { apiEndpoint: "http://127.0.0.1:4000" },
  },
] as const)(
  "the $name stand-in puts the address of its environment into state, as bridged plugins do",
  async ({ name, env, defaults }) => {
    const { configDefaults } = await standinPackage(name, env);

    expect(configDefaults?.()).toEqual(defaults);
  },
);
