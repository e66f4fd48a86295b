import { describe, expect, it } from "vitest";
import { compile } from "../../../controller/fleet/compile.ts";
import { formatProblem } from "../../../controller/fleet/problem.ts";
import { BASE, clouds, fleetFiles, server } from "./fleet.ts";

const main = BASE["accounts/main.yaml"]!;
const window = "windows:\n  - {days: [fri], from: 22:00, to: 04:00, timezone: Europe/Berlin}\n";
const compiled = (more: Record<string, string>) => compile(fleetFiles(more), { clouds });
const withAccount = (text: string) => compiled({ "accounts/main.yaml": `${main}${text}` });

describe("what holds changes", () => {
  it("is compiled as the files say it, with its defaults", () => {
    const { accounts, servers, fleet, problems } = compiled({
      "fleet.yaml": "kind: Fleet\nid: acme\nrollout: {canary: 2}\nexpiry: {warnDays: [7]}\n",
      "accounts/main.yaml": `${main}${window}suspend: {reason: moving}\nsuspendStacks: {0: {reason: one}, base: {reason: two}}\nfreeze: {until: 2027-01-04, reason: holidays}\nrollout: {step: 5}\n`,
      "servers/a.yaml": server("a", { suspend: "{reason: mine}", expires: "2027-01-31", expired: "2027-01-31" }),
    });

    expect(problems).toEqual([]);
    expect(fleet).toMatchObject({
      rollout: { canary: 2, step: "10%", pauseOnFailure: true },
      expiry: { warnDays: [7] },
    });
    expect(accounts.get("main")).toMatchObject({
      suspend: { reason: "moving" },
      suspendStacks: { "0": { reason: "one" }, base: { reason: "two" } },
      windows: [{ days: ["fri"], from: "22:00", to: "04:00", timezone: "Europe/Berlin" }],
      freeze: { until: "2027-01-04", reason: "holidays" },
      rollout: { canary: 1, step: 5, pauseOnFailure: true },
    });
    expect(servers.get("a")?.spec).toMatchObject({ suspend: { reason: "mine" }, expired: "2027-01-31" });
  });

  it("leaves no trace in an account that says nothing of it", () => {
    const names = Object.keys(compiled({}).accounts.get("main")!);

    for (const name of ["suspend", "suspendStacks", "windows", "freeze", "rollout"]) expect(names).not.toContain(name);
  });

  it("changes no server's hashes", () => {
    const plain = compiled({ "servers/a.yaml": server("a") }).servers.get("a")!;
    const held = compiled({
      "accounts/main.yaml": `${main}${window}suspend: {reason: moving}\nfreeze: {until: 2027-01-04, reason: x}\n`,
      "servers/a.yaml": server("a", { suspend: "{reason: mine}" }),
    }).servers.get("a")!;

    expect([held.hash, held.createHash]).toEqual([plain.hash, plain.createHash]);
  });

  it.each([
    {
      name: "a time zone with a typo",
      text: "windows:\n  - {from: 22:00, to: 04:00, timezone: Europe/Berlim}\n",
      says: /^accounts\/main\.yaml:7:40: windows\[0\]\.timezone: "Europe\/Berlim" is no time zone of IANA; did you mean "Europe\/Berlin"\?/,
    },
    {
      name: "an offset in place of a time zone",
      text: 'windows:\n  - {from: 22:00, to: 04:00, timezone: "+01:00"}\n',
      says: /^accounts\/main\.yaml:7:40: windows\[0\]\.timezone: "\+01:00" is no time zone/,
    },
    {
      name: "a time of day that there is not",
      text: "windows:\n  - {from: 24:00, to: 04:00, timezone: UTC}\n",
      says: /^accounts\/main\.yaml:7:12: windows\[0\]\.from: must be a time of day from 00:00 to 23:59$/,
    },
    {
      name: "a day that there is not",
      text: "windows:\n  - {days: [fry], from: 22:00, to: 04:00, timezone: UTC}\n",
      says: /^accounts\/main\.yaml:7:13: windows\[0\]\.days\[0\]: "fry" is not allowed; did you mean "fri"\?/,
    },
    {
      name: "a freeze without an end",
      text: "freeze: {reason: x}\n",
      says: /^accounts\/main\.yaml:6:9: freeze\.until: is missing$/,
    },
    {
      name: "a freeze until a day that there is not",
      text: "freeze: {until: 2027-02-30, reason: x}\n",
      says: /^accounts\/main\.yaml:6:17: freeze\.until: is no day of the calendar$/,
    },
    {
      name: "a suspension without a reason",
      text: "suspend: {}\n",
      says: /^accounts\/main\.yaml:6:10: suspend\.reason: is missing$/,
    },
    {
      name: "a whole stack's name where its number belongs",
      text: "suspendStacks: {main.0: {reason: x}}\n",
      says: /^accounts\/main\.yaml:6:17: suspendStacks\.main\.0.*must be `base` for what servers share, or the number of a cell$/,
    },
    {
      name: "a step of nothing",
      text: "rollout: {step: 0%}\n",
      says: /^accounts\/main\.yaml:6:17: rollout\.step: must be a whole number of servers, or a share from 1% to 100%, such as 10%$/,
    },
  ])("is refused at its place with $name", ({ text, says }) => {
    const [problem, ...others] = withAccount(text).problems.map(formatProblem);

    expect(problem).toMatch(says);
    expect(others).toEqual([]);
  });

  it("takes other names of a zone that IANA keeps", () => {
    for (const zone of ["UTC", "Etc/GMT+5", "US/Pacific", "Asia/Calcutta"])
      expect(withAccount(window.replace("Europe/Berlin", zone)).problems).toEqual([]);
  });
});
