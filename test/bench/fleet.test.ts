import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Calls } from "../../bench/cloud/calls.ts";
import { createBenchCloud } from "../../bench/cloud/cloud.ts";
import { inputsOf } from "../../bench/cloud/inputs.ts";
import { Machines } from "../../bench/cloud/machines.ts";
import { serverInputs } from "../../bench/cloud/server.ts";
import { resizeServer, serverName, writeFleet } from "../../bench/fleet.ts";
import { loadFleet } from "../../controller/fleet/load.ts";
import { type FleetRepo, openRepo } from "../../controller/repo/repo.ts";
import { ownerMark } from "../../resources/mark.ts";

let dir: string;
let repo: FleetRepo;
const clouds = { bench: createBenchCloud(new Machines("/nowhere"), new Calls()) };

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "fw-bench-fleet-"));
  writeFleet(dir, 120, 3);
  repo = await openRepo(dir);
});
afterAll(async () => {
  await repo.close();
  rmSync(dir, { recursive: true });
});

it("is a good fleet of so many servers, in folders of a hundred", async () => {
  const { servers, problems, accounts } = await loadFleet(repo, await repo.head(), { clouds });

  expect(problems).toEqual([]);
  expect(servers.size).toBe(120);
  expect(accounts.get("bench")?.cells).toBe(3);
  expect(new Set([...servers.values()].map(({ path }) => path.split("/")[1]))).toEqual(
    new Set(["group-000", "group-001"]),
  );
});

it("gives the bare program the very inputs that the product declares", async () => {
  const { servers } = await loadFleet(repo, await repo.head(), { clouds });

  for (const index of [0, 1, 57, 119]) {
    const name = serverName(index);
    const mark = ownerMark("bench", "Server", name, 0);
    expect(serverInputs(servers.get(name)!.spec, mark)).toEqual(inputsOf(index, "small"));
  }
});

it("changes one file in a commit", async () => {
  const before = await repo.head();
  const after = resizeServer(dir, 57, "large");

  expect(await repo.changedSince(before, after)).toEqual(["servers/group-000/server-00057.yaml"]);
  const { servers } = await loadFleet(repo, after, { clouds });
  expect(servers.get(serverName(57))?.spec.size).toBe("large");
  expect(execFileSync("git", ["rev-parse", "HEAD"], { cwd: dir, encoding: "utf8" }).trim()).toBe(after);
});
