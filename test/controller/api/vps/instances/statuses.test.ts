import { expect, it } from "vitest";
import { phaseOf, STATUS_WORDS } from "../../../../../controller/api/vps/instances/statuses.ts";

const STANDS = { isNew: false, isGone: false, isLeaving: false };

it.each([
  ["one that the provider has not told", undefined, {}, "provisioning"],
  ["one that is being made", { power: "changing" }, { isNew: true }, "provisioning"],
  ["one that is being made ready", { power: "changing", provisioning: {} }, {}, "provisioning"],
  ["one that the provider gave up on", { power: "changing", provisioning: { failed: true } }, {}, "failed"],
  ["one that runs before its change has ended", { power: "running" }, { isNew: true }, "running"],
  ["one that is off", { power: "stopped" }, {}, "stopped"],
  ["one that is paused", { power: "suspended" }, {}, "suspended"],
  ["one that is restarting", { power: "changing" }, {}, "running"],
  ["one that is to go", { power: "running" }, { isLeaving: true }, "deleting"],
  ["one that the provider is removing", { power: "changing", leaving: {} }, {}, "deleting"],
  ["one that is to go and has gone", undefined, { isGone: true, isLeaving: true }, "deleted"],
  ["one that has gone by itself", undefined, { isGone: true }, "failed"],
] as const)("tells %s", (_, known, more, word) => {
  expect(STATUS_WORDS[phaseOf({ power: "running" }, known, { ...STANDS, ...more })]).toBe(word);
});
