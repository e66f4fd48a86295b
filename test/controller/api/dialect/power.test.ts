import { describe, expect, it } from "vitest";
import { type PowerPatch, switchedTo } from "../../../../controller/api/dialect/power.ts";
import type { ActualServer } from "../../../../resources/actual.ts";
import type { ServerSpec } from "../../../../resources/spec.ts";
import { serverSpec } from "../../../resources/fixtures.ts";

const BACK = { reverts: ["Server//web-1"] };
const written = (patch: PowerPatch) => ({ wishes: [{ kind: "Server", name: "web-1", patch }] });
const RUN: PowerPatch = { power: "running" };
const STOP: PowerPatch = { power: "stopped" };
const FORCED: PowerPatch = { power: "stopped", stop: "forced" };

describe("a machine that is to run or to stop", () => {
  it.each<{
    name: string;
    file: Partial<ServerSpec>;
    actual: ActualServer["power"] | undefined;
    patch: PowerPatch;
    isBack: boolean;
  }>([
    { name: "is written", file: { power: "stopped" }, actual: "stopped", patch: RUN, isBack: false },
    {
      name: "is written where a hand was first",
      file: { power: "stopped" },
      actual: "running",
      patch: RUN,
      isBack: false,
    },
    { name: "is so already", file: { power: "running" }, actual: "running", patch: RUN, isBack: false },
    { name: "is on its way", file: { power: "running" }, actual: "changing", patch: RUN, isBack: false },
    { name: "is not seen", file: { power: "running" }, actual: undefined, patch: RUN, isBack: false },
    { name: "was stopped by hand", file: { power: "running" }, actual: "stopped", patch: RUN, isBack: true },
    { name: "was suspended by hand", file: { power: "running" }, actual: "suspended", patch: RUN, isBack: true },
    { name: "was started by hand", file: { power: "stopped" }, actual: "running", patch: STOP, isBack: true },
    { name: "is to stop otherwise", file: { power: "stopped" }, actual: "running", patch: FORCED, isBack: false },
    {
      name: "is to stop as its file says",
      file: { power: "stopped", stop: "forced" },
      actual: "running",
      patch: FORCED,
      isBack: true,
    },
  ])("$name", ({ file, actual, patch, isBack }) => {
    const spec = serverSpec({ name: "web-1", ...file });

    expect(switchedTo(spec, patch, actual)).toEqual(isBack ? BACK : written(patch));
  });
});
