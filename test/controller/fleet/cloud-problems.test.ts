import { describe, expect, it } from "vitest";
import { compile } from "../../../controller/fleet/compile.ts";
import { formatProblem } from "../../../controller/fleet/problem.ts";
import { clouds as real } from "../../../resources/registry.ts";

const account = (provider: string, endpoint = "") =>
  `kind: Account\nname: main\nprovider: ${provider}\n${endpoint}credentials:\n  token: {env: FLEETWRIGHT_TOKEN}\n`;

function problemsOf(provider: string, server: string): string[] {
  const endpoint = provider === "proxmox" ? "endpoint: https://pve.example:8006\n" : "";
  const texts = {
    "fleet.yaml": "kind: Fleet\nid: acme\n",
    "accounts/main.yaml": account(provider, endpoint),
    "servers/a.yaml": server,
  };
  const files = Object.entries(texts).map(([path, text]) => ({ path, text, blob: path }));
  return compile(files, { clouds: real }).problems.map(formatProblem);
}

describe("what a cloud cannot take", () => {
  it("is told with its place: user data on Proxmox VE", () => {
    const server =
      "kind: Server\nname: a\naccount: main\nregion: pve1\nimage: debian-12\nresources: {vcpus: 1, memoryMiB: 512}\nuserData:\n  text: hello\n";

    expect(problemsOf("proxmox", server)).toEqual([
      expect.stringMatching(/^servers\/a\.yaml:8:3: userData: .*Proxmox VE/),
    ]);
  });

  it("is told with its place: a label that does not fit a tag of Linode", () => {
    const server = `kind: Server\nname: a\naccount: main\nsize: g6-nanode-1\nregion: us-east\nimage: linode/debian12\nlabels:\n  note: ${"x".repeat(60)}\n`;

    expect(problemsOf("linode", server)).toEqual([expect.stringMatching(/^servers\/a\.yaml:8:9: labels\.note: .*50/)]);
  });
});
