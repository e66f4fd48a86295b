import { describe, expect, it } from "vitest";
import { compile } from "../../../controller/fleet/compile.ts";
import { formatProblem } from "../../../controller/fleet/problem.ts";
import { catalog, clouds, fleetFiles } from "./fleet.ts";

const FLEET = "kind: Fleet\nid: acme\n";
const ACCOUNT = "kind: Account\nname: other\nprovider: stratus\n";

const compiledWith = (more: Record<string, string>) =>
  compile(fleetFiles(more), { clouds, catalogs: { main: catalog } });
const problemsOf = (more: Record<string, string>) => compiledWith(more).problems.map(formatProblem);

describe("settings of drift", () => {
  it("stand in the fleet, the account and the server, and make no work", () => {
    const { problems, fleet, accounts, accountPaths } = compiledWith({
      "fleet.yaml": `${FLEET}policies:\n  drift: {every: 30m}\n  other: {kept: true}\n`,
      "accounts/a/other.yaml": `${ACCOUNT}drift: {cron: "H 4 * * mon-fri", timezone: Europe/Berlin, jitter: 5m, policy: revert}\n`,
    });

    expect(problems).toEqual([]);
    expect(fleet!.policies).toEqual({ drift: { every: "30m" }, other: { kept: true } });
    expect(accounts.get("other")!.drift).toMatchObject({ cron: "H 4 * * mon-fri", policy: "revert" });
    expect(accountPaths.get("other")).toBe("accounts/a/other.yaml");
  });

  it.each([
    ["every: 10x", "4:16: drift.every: must be a time such as 30s, 10m, 6h or 1d"],
    ["every: 10m, cron: '* * * * *'", "4:27: drift.cron: and `every` exclude each other: leave one of them out"],
    ["cron: '* * * *'", "4:15: drift.cron: must have five fields: minute, hour, day, month, day of the week"],
    ["cron: '61 * * * *'", "4:15: drift.cron: is no time of cron: "],
    ["cron: '0 0 30 2 *'", "4:15: drift.cron: is no time of cron: "],
    ["cron: '0 4 * * *', timezone: Europe/Berln", '4:38: drift.timezone: "Europe/Berln" is no time zone of IANA'],
    ["every: 10m, jitter: 10m", "4:29: drift.jitter: must be shorter than `every`"],
    ["policy: revert-all", '4:17: drift.policy: "revert-all" is not allowed'],
  ])("are refused where they say %s", (settings, problem) => {
    const problems = problemsOf({ "accounts/other.yaml": `${ACCOUNT}drift: {${settings}}\n` });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`accounts/other.yaml:${problem}`);
  });
});

const HOOK = "webhook: {url: https://alerts.example.net/x, secret: {env: FLEETWRIGHT_HOOK}}";
const mail = (smtp: string) =>
  `mail: {to: [a@example.net], from: b@example.net, smtp: {host: mail.example.net, ${smtp}}}`;

describe("notifications", () => {
  it("name targets, all topics and the port of submission unless told", () => {
    const { problems, fleet } = compiledWith({
      "fleet.yaml": `${FLEET}notifications:\n  - {name: ops, on: [drift], ${HOOK}}\n  - {name: post, ${mail("user: a, password: {file: smtp}")}}\n`,
    });

    expect(problems).toEqual([]);
    expect(fleet!.notifications).toMatchObject([
      { name: "ops", on: ["drift"], by: { kind: "webhook", secret: { env: "FLEETWRIGHT_HOOK" } } },
      {
        name: "post",
        on: ["drift", "expiry", "failure", "spending"],
        by: { kind: "mail", smtp: { port: 587, login: { password: { file: "smtp" } } } },
      },
    ]);
  });

  it.each([
    [
      `name: ops, ${HOOK.replace("https", "http")}`,
      "webhook.url: must be https: only to this machine may it go unencrypted",
    ],
    [
      `name: ops, ${HOOK.replace("FLEETWRIGHT_HOOK", "AWS_SECRET")}`,
      "webhook.secret.env: must begin with one of the fleet's `envPrefixes`",
    ],
    [
      "name: ops, webhook: {url: https://a.example, secret: {file: ../x}}",
      "webhook.secret.file: must be the name of a file, without a folder",
    ],
    [
      "name: ops, webhook: {url: https://a.example, secret: {file: x, env: FLEETWRIGHT_X}}",
      "webhook.secret: must have at most one field",
    ],
    ["name: ops", "must have `webhook` or `mail`, and not both"],
    [`name: ops, ${mail("user: a")}`, "mail.smtp.password: is missing: `user` needs one"],
    [
      `name: ops, ${HOOK}}\n  - {name: ops, ${HOOK}`,
      "name: is the name of notifications[0]: each needs one of its own",
    ],
  ])("are refused where they say %s", (item, problem) => {
    const problems = problemsOf({ "fleet.yaml": `${FLEET}notifications:\n  - {${item}}\n` });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^fleet\.yaml:[45]:\d+: notifications\[[01]\]/);
    expect(problems[0]).toContain(problem);
  });
});
