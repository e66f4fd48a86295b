import { describe, expect, it } from "vitest";
import { type CompileOptions, compile, isUsable } from "../../../controller/fleet/compile.ts";
import { formatProblem } from "../../../controller/fleet/problem.ts";
import { catalog, clouds, file, fleetFiles, PUBLIC_KEY, server } from "./fleet.ts";

const compileWith = (more: Record<string, string>, options: Partial<CompileOptions> = {}) =>
  compile(fleetFiles(more), { clouds, ...options });

const problemsOf = (more: Record<string, string>, options: Partial<CompileOptions> = {}) => {
  const compiled = compileWith(more, options);
  expect(isUsable(compiled)).toBe(compiled.problems.length === 0);
  return compiled.problems.map(formatProblem);
};

describe("a compiled fleet", () => {
  it("has defaults, plan, keys and account resolved", () => {
    const compiled = compileWith({
      "servers/eu/web-1.yaml": server("web-1", { keys: "[ops]", firewalls: "[web]", adopt: "42" }),
    });

    expect(compiled.problems).toEqual([]);
    expect(compiled.fleet).toEqual({
      expiry: { warnDays: [14, 3] },
      id: "acme",
      approval: "required",
      envPrefixes: ["FLEETWRIGHT_"],
      guards: { maxRemovals: { minimum: 3, share: 0.1 } },
      policies: {},
    });
    expect(compiled.servers.get("web-1")).toEqual({
      path: "servers/eu/web-1.yaml",
      blob: expect.stringMatching(/^[0-9a-f]{40}$/),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      createHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      spec: {
        kind: "Server",
        name: "web-1",
        hostname: "web-1",
        formerly: [],
        account: "main",
        provider: "cumulus",
        plan: "small",
        size: "c1",
        resources: {},
        region: "us-east",
        labels: {},
        firewalls: ["web"],
        power: "running",
        restarts: { reboot: 0, reset: 0 },
        rebuild: 0,
        ipv6: false,
        monitoring: false,
        backups: false,
        protect: false,
        deletionPolicy: "delete",
        adopt: "42",
        createOnly: { image: "debian-12", keys: [{ name: "ops", publicKey: `${PUBLIC_KEY} ops@example.net` }] },
        options: {},
      },
    });
    expect(compiled.accounts.get("lab")).toMatchObject({
      endpoint: "https://lab.example:8006",
      cells: 1,
      deadlines: { createSeconds: 900, settleSeconds: 30 },
      regions: [],
    });
  });

  it("counts prices in whole micro-units", () => {
    expect(compileWith({}).plans.get("small")).toMatchObject({
      basePriceMicro: 4_350_000,
      markupMicro: 100_000,
      currency: "USD",
    });
  });

  it("has firewalls and keys once for each account whose servers use them, keys only where the cloud keeps keys", () => {
    const compiled = compileWith({
      "servers/a.yaml": server("a", { keys: "[ops]", firewalls: "[web]" }),
      "servers/b.yaml": server("b", { keys: "[ops]", firewalls: "[web, ssh]" }),
      "servers/c.yaml": server("c", { account: "poor", plan: "large", keys: "[ops]" }),
      "servers/d.yaml": server("d", { account: "lab", keys: "[ops]" }),
    });

    expect(compiled.problems).toEqual([]);
    expect([...compiled.shared.keys()].sort()).toEqual([
      "lab/SshKey/ops",
      "main/Firewall/ssh",
      "main/Firewall/web",
      "main/SshKey/ops",
    ]);
    expect(compiled.shared.get("main/Firewall/ssh")?.spec).toEqual({
      kind: "Firewall",
      name: "ssh",
      account: "main",
      provider: "cumulus",
      rules: [{ direction: "inbound", action: "accept", protocol: "tcp", ports: "22", addresses: ["203.0.113.7/32"] }],
      inboundPolicy: "drop",
      outboundPolicy: "accept",
      protect: false,
    });
  });

  it("gives the plan's numbers where a cloud has no sizes", () => {
    const compiled = compileWith({ "servers/a.yaml": server("a", { account: "lab" }) });

    expect(compiled.servers.get("a")?.spec).toMatchObject({
      size: "",
      resources: { vcpus: 1, memoryMiB: 1024, diskGiB: 25 },
    });
  });

  it("reads user data from a file of the repository, and never from outside it", () => {
    const read: string[] = [];
    const readFile = (path: string) => {
      read.push(path);
      return path === "user-data/a.sh" ? "#!/bin/sh\n" : undefined;
    };
    const withFile = (path: string) => ({ "servers/a.yaml": server("a", { userData: `{file: "${path}"}` }) });

    expect(compileWith(withFile("./user-data//a.sh"), { readFile }).servers.get("a")?.spec.createOnly.userData).toEqual(
      { text: "#!/bin/sh\n" },
    );
    expect(problemsOf(withFile("user-data/b.sh"), { readFile })[0]).toContain("there is no file user-data/b.sh");
    for (const path of ["../x", "/etc/passwd", "a/../../x", ".git/config"]) {
      expect(problemsOf(withFile(path), { readFile })[0]).toMatch(
        /servers\/a\.yaml:7:18: userData\.file: must be a path inside/,
      );
    }
    expect(new Set(read)).toEqual(new Set(["user-data/a.sh", "user-data/b.sh"]));
  });
});

describe("problems", () => {
  it.each([
    {
      name: "an unknown account",
      fields: { account: "mian" },
      says: 'a.yaml:3:10: account: there is no Account "mian"; did you mean "main"?; allowed: lab, main, poor',
    },
    {
      name: "an unknown plan",
      fields: { plan: "smal" },
      says: 'a.yaml:4:7: plan: there is no Plan "smal"; did you mean "small"?; allowed: large, small',
    },
    {
      name: "an unknown key",
      fields: { keys: "[ops, opps]" },
      says: 'a.yaml:7:13: keys[1]: there is no SshKey "opps"; did you mean "ops"?',
    },
    {
      name: "an unknown firewall",
      fields: { firewalls: "[wbe]" },
      says: 'a.yaml:7:13: firewalls[0]: there is no Firewall "wbe"; did you mean "web"?',
    },
    {
      name: "an unknown field",
      fields: { regoin: "x" },
      says: 'a.yaml:7:1: regoin: is no field here; did you mean "region"?',
    },
    { name: "a missing field", fields: { image: undefined }, says: "a.yaml:1:1: image: is missing" },
    {
      name: "a wrong type",
      fields: { labels: "{tier: 1}" },
      says: "a.yaml:7:16: labels.tier: must be text or null, but is a number; write it in quotes",
    },
    { name: "an empty value", fields: { owner: "" }, says: "owner: must be text, but is empty" },
    {
      name: "a wrong choice",
      fields: { power: "runing" },
      says: 'a.yaml:7:8: power: "runing" is not allowed; did you mean "running"?; allowed: running, stopped, suspended',
    },
    { name: "a bad host name", fields: { hostname: "-a_b" }, says: "a.yaml:7:11: hostname: must be a host name" },
    {
      name: "plan and size",
      fields: { size: "c1" },
      says: "has `plan` and `size`, which exclude each other; allowed: plan, size, resources",
    },
    {
      name: "neither plan nor size",
      fields: { plan: undefined },
      says: "a.yaml:1:1: needs exactly one of these fields; allowed: plan, size, resources",
    },
    {
      name: "two sources of user data",
      fields: { userData: "{text: a, env: FLEETWRIGHT_B}" },
      says: "userData: must have at most one field; allowed: text, env, file",
    },
    {
      name: "a day that is none",
      fields: { expires: "2027-02-30" },
      says: "a.yaml:7:10: expires: is no day of the calendar",
    },
    {
      name: "user data from a variable that is not allowed",
      fields: { userData: "{env: AWS_SECRET}" },
      says: "userData.env: must begin with one of the fleet's `envPrefixes`; allowed: FLEETWRIGHT_",
    },
    {
      name: "its own name as an earlier one",
      fields: { formerly: "[a]" },
      says: "formerly[0]: is the name that it has now",
    },
    {
      name: "a plan that the cloud has no size for",
      fields: { account: "poor" },
      says: 'a.yaml:4:7: plan: plan "small" has no size for Stratus (it has one for: cumulus)',
    },
    {
      name: "a size where there are none",
      fields: { account: "lab", plan: undefined, size: "c1" },
      says: "size: has no meaning: Cirrus has no sizes",
    },
    {
      name: "resources where there are sizes",
      fields: { plan: undefined, resources: "{vcpus: 1}" },
      says: "resources: has no meaning: Cumulus sells sizes",
    },
    {
      name: "firewalls where there are none",
      fields: { account: "lab", firewalls: "[web]" },
      says: "firewalls: Cirrus has no firewalls",
    },
    {
      name: "a switch that the cloud lacks",
      fields: { account: "lab", ipv6: "true" },
      says: "a.yaml:7:7: ipv6: Cirrus has no switch for it",
    },
    {
      name: "suspending where it cannot be done",
      fields: { account: "lab", power: "suspended" },
      says: "power: Cirrus cannot suspend a machine",
    },
    {
      name: "a reboot where it cannot be done",
      fields: { account: "lab", restarts: "{reboot: 1}" },
      says: "restarts.reboot: Cirrus cannot reboot a machine",
    },
    {
      name: "an unknown option of the cloud",
      fields: { provider: "{watchdgo: true}" },
      says: 'a.yaml:7:12: provider.watchdgo: is no field here; did you mean "watchdog"?; allowed: watchdog, swap',
    },
    {
      name: "a wrong option of the cloud",
      fields: { provider: "{swap: 0}" },
      says: "a.yaml:7:18: provider.swap: must be at least 1",
    },
  ])("tell of $name, with its place", ({ fields, says }) => {
    const [problem, ...others] = problemsOf({ "servers/a.yaml": server("a", fields) });

    expect(problem).toContain(says);
    expect(others).toEqual([]);
  });

  it.each([
    {
      name: "an unknown cloud",
      path: "accounts/x.yaml",
      text: "kind: Account\nname: x\nprovider: cumulos\n",
      says: '3:11: provider: "cumulos" is no cloud; did you mean "cumulus"?',
    },
    {
      name: "a missing credential",
      path: "accounts/x.yaml",
      text: "kind: Account\nname: x\nprovider: cumulus\ncredentials: {}\n",
      says: "4:14: credentials.token: is missing: API token",
    },
    {
      name: "an unknown credential",
      path: "accounts/x.yaml",
      text: "kind: Account\nname: x\nprovider: stratus\ncredentials: {tok: {env: FLEETWRIGHT_X}}\n",
      says: "4:15: credentials.tok: is no credential of Stratus",
    },
    {
      name: "a variable that is not allowed",
      path: "accounts/x.yaml",
      text: "kind: Account\nname: x\nprovider: cumulus\ncredentials: {token: {env: HOME}}\n",
      says: "4:28: credentials.token.env: must begin with one of the fleet's `envPrefixes`; allowed: FLEETWRIGHT_",
    },
    {
      name: "a variable that holds the controller's own keys",
      path: "accounts/x.yaml",
      text: "kind: Account\nname: x\nprovider: cumulus\ncredentials: {token: {env: FLEETWRIGHT_SEAL_KEY}}\n",
      says: "4:28: credentials.token.env: holds the controller's own keys",
    },
    {
      name: "two places of one credential",
      path: "accounts/x.yaml",
      text: "kind: Account\nname: x\nprovider: cumulus\ncredentials: {token: {env: FLEETWRIGHT_X, sealed: true}}\n",
      says: "4:22: credentials.token: must have at most one field; allowed: env, sealed, file",
    },
    {
      name: "no place of a credential",
      path: "accounts/x.yaml",
      text: "kind: Account\nname: x\nprovider: cumulus\ncredentials: {token: {}}\n",
      says: "4:22: credentials.token: must have at least one field; allowed: env, sealed, file",
    },
    {
      name: "a secret where it says that it is sealed",
      path: "accounts/x.yaml",
      text: "kind: Account\nname: x\nprovider: cumulus\ncredentials:\n  token: {sealed: my-secret}\n",
      says: "5:19: credentials.token.sealed: must be true",
    },
    {
      name: "a file that is not told from the top",
      path: "accounts/x.yaml",
      text: "kind: Account\nname: x\nprovider: cumulus\ncredentials:\n  token: {file: secrets/token}\n",
      says: "5:17: credentials.token.file: must be an absolute path",
    },
    {
      name: "a file by way of the folder above",
      path: "accounts/x.yaml",
      text: "kind: Account\nname: x\nprovider: cumulus\ncredentials:\n  token: {file: /run/../etc/shadow}\n",
      says: "5:17: credentials.token.file: must be an absolute path",
    },
    {
      name: "a missing address",
      path: "accounts/x.yaml",
      text: "kind: Account\nname: x\nprovider: cirrus\n",
      says: "1:1: endpoint: is missing: Cirrus has no public address",
    },
    {
      name: "an address with a password",
      path: "accounts/x.yaml",
      text: "kind: Account\nname: x\nprovider: cirrus\nendpoint: https://a:b@c\n",
      says: "4:11: endpoint: must be an http(s) address without user name",
    },
    {
      name: "an unknown option",
      path: "accounts/x.yaml",
      text: "kind: Account\nname: x\nprovider: stratus\noptions: {a: 1}\n",
      says: "4:11: options.a: is no field here",
    },
    {
      name: "a price that is too fine",
      path: "plans/x.yaml",
      text: "kind: Plan\nname: x\nvcpus: 1\nmemoryMiB: 1\ndiskGiB: 1\nbasePrice: 0.0000001\n",
      says: "6:12: basePrice: must have at most 6 decimals",
    },
    {
      name: "a size of no cloud",
      path: "plans/x.yaml",
      text: "kind: Plan\nname: x\nvcpus: 1\nmemoryMiB: 1\ndiskGiB: 1\nsizes: {cumuls: a}\n",
      says: '6:9: sizes.cumuls: is no cloud; did you mean "cumulus"?',
    },
    {
      name: "a range of ports that is upside down",
      path: "firewalls/x.yaml",
      text: 'kind: Firewall\nname: x\nrules:\n  - {protocol: tcp, ports: "90-80"}\n',
      says: '4:28: rules[0].ports: "90-80" is no port',
    },
    {
      name: "ports of icmp",
      path: "firewalls/x.yaml",
      text: "kind: Firewall\nname: x\nrules:\n  - {protocol: icmp, ports: 8}\n",
      says: "rules[0].ports: has no meaning",
    },
    {
      name: "an address that is none",
      path: "firewalls/x.yaml",
      text: "kind: Firewall\nname: x\nrules:\n  - {protocol: tcp, addresses: [10.0.0.0/33]}\n",
      says: "4:33: rules[0].addresses[0]: must be an address or a CIDR block",
    },
    {
      name: "an account of an aggregate",
      path: "aggregates/x.yaml",
      text: "kind: Aggregate\nname: x\naccount: man\n",
      says: '3:10: account: there is no Account "man"; did you mean "main"?',
    },
    {
      name: "a private key",
      path: "keys/x.yaml",
      text: "kind: SshKey\nname: x\npublicKey: |\n  -----BEGIN OPENSSH PRIVATE KEY-----\n  CANARY\n",
      says: "3:12: publicKey: must be one public key",
    },
    {
      name: "a kind of no fleet file",
      path: "servers/x.yaml",
      text: "kind: Sever\nname: x\n",
      says: '1:7: kind: "Sever" is no kind of fleet file; did you mean "Server"?',
    },
    {
      name: "a file in the wrong folder",
      path: "servers/x.yaml",
      text: "kind: Account\nname: x\nprovider: stratus\n",
      says: "1:7: kind: an Account belongs below accounts/",
    },
    {
      name: "two documents",
      path: "servers/x.yaml",
      text: "kind: Server\n---\nkind: Server\n",
      says: "2:1: holds more than one document",
    },
    {
      name: "a key given twice",
      path: "servers/x.yaml",
      text: "kind: Server\nname: a\nname: b\n",
      says: "3:1: name is given twice",
    },
    {
      name: "a tab",
      path: "servers/x.yaml",
      text: "kind: Server\nlabels:\n\ta: b\n",
      says: "3:1: is indented with a tab",
    },
    { name: "an empty file", path: "servers/x.yaml", text: "# nothing\n", says: "1:1: is empty" },
    { name: "a list", path: "servers/x.yaml", text: "- a\n", says: "1:1: must hold a mapping" },
    {
      name: "a merge key",
      path: "servers/x.yaml",
      text: server("x", { "<<": "{a: 1}" }),
      says: "7:1: <<: is no field here; merge keys are not read",
    },
  ])("tell of $name, with its place", ({ path, text, says }) => {
    const problems = problemsOf({ [path]: text });

    expect(problems[0]).toContain(`${path}:`);
    expect(problems[0]).toContain(says);
    expect(problems.join()).not.toContain("CANARY");
  });

  it("are all told, in the order of files and lines", () => {
    const problems = problemsOf({
      "servers/b.yaml": server("b", { plan: "none", power: "off" }),
      "servers/a.yaml": server("a", { region: "1", image: "[]", nope: "1" }),
    });

    expect(problems.map((problem) => problem.split(": ").slice(0, 2).join(" "))).toEqual([
      "servers/a.yaml:5:9 region",
      "servers/a.yaml:6:8 image",
      "servers/a.yaml:7:1 nope",
      "servers/b.yaml:7:8 power",
    ]);
  });

  it("name both places of a name that is used twice", () => {
    const problems = problemsOf({ "servers/a.yaml": server("x"), "servers/b/c.yaml": `# second\n${server("x")}` });

    expect(problems).toEqual([
      'servers/a.yaml:2:7: name: the Server "x" is also in servers/b/c.yaml:3:7; names are unique per kind',
      'servers/b/c.yaml:3:7: name: the Server "x" is also in servers/a.yaml:2:7; names are unique per kind',
    ]);
  });

  it("tell of earlier names that somebody has, and of a machine that two adopt", () => {
    const problems = problemsOf({
      "servers/a.yaml": server("a", { adopt: "7" }),
      "servers/b.yaml": server("b", { formerly: "[a]" }),
      "servers/c.yaml": server("c", { formerly: "[old]", adopt: '"7"' }),
      "servers/d.yaml": server("d", { formerly: "[old]" }),
    });

    expect(problems).toEqual([
      'servers/b.yaml:7:12: formerly[0]: "a" is the name of the one in servers/a.yaml:2:7',
      "servers/c.yaml:8:8: adopt: the machine 7 is also adopted in servers/a.yaml:2:7",
      'servers/d.yaml:7:12: formerly[0]: "old" was also the name of the one in servers/c.yaml:2:7',
    ]);
  });

  it("do not blame servers for an account whose own file is wrong", () => {
    for (const text of ["kind: Account\nname: main\nprovider: nope\n", "kind: Account\nname: main\nprovider: [\n"]) {
      const problems = problemsOf({
        "accounts/main.yaml": text,
        "servers/a.yaml": server("a"),
        "servers/b.yaml": server("b"),
      });

      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain("accounts/main.yaml:");
    }
  });

  it("never show what stands where a secret could", () => {
    const problems = problemsOf({
      "accounts/x.yaml":
        "kind: Account\nname: x\nprovider: cumulus\ncredentials: {token: CANARY-1, region: {env: CANARY-2}}\n",
      "accounts/y.yaml": "kind: Account\nname: y\nprovider: cumulus\ncredentials: {token: {env: CANARY_3}}\n",
      "servers/a.yaml": server("a", { userData: "{text: [CANARY-4]}" }),
      "servers/b.yaml": server("b", { userData: "{env: CANARY-5}" }),
    });

    expect(problems.length).toBeGreaterThanOrEqual(5);
    expect(problems.join("\n")).not.toContain("CANARY");
  });
});

describe("a catalogue", () => {
  const catalogs = { main: catalog };

  it.each([
    {
      name: "an unknown region",
      fields: { region: "us-esat" },
      says: 'region: "us-esat" is no region of Cumulus; did you mean "us-east"?; allowed: us-east, us-west, eu-old',
    },
    {
      name: "an unknown size",
      fields: { plan: undefined, size: "c9" },
      says: '"c9" is not sold by Cumulus; did you mean "c1"?; allowed: c1, c2',
    },
  ])("refuses $name", ({ fields, says }) => {
    expect(problemsOf({ "servers/a.yaml": server("a", fields) }, { catalogs })[0]).toContain(says);
    expect(problemsOf({ "servers/a.yaml": server("a", fields) })).toEqual([]);
  });

  it("only notes a region that is closed to new machines and an image that is not listed", () => {
    const compiled = compileWith(
      { "servers/a.yaml": server("a", { region: "eu-old", image: "private-1" }) },
      { catalogs },
    );

    expect(isUsable(compiled)).toBe(true);
    expect(compiled.notes.map(({ path }) => path)).toEqual(["region", "image"]);
  });

  it("only notes a size that has run out in its region, because its machines may run", () => {
    const compiled = compileWith({ "servers/a.yaml": server("a", { plan: "large", region: "us-west" }) }, { catalogs });

    expect(isUsable(compiled)).toBe(true);
    expect(compiled.notes[0]?.message).toBe(
      'plan "large" is size "c2", which is not in stock in us-west now, only in us-east',
    );
  });

  it("refuses a region that the account leaves out", () => {
    const accounts = {
      "accounts/main.yaml":
        "kind: Account\nname: main\nprovider: cumulus\ncredentials: {token: {env: FLEETWRIGHT_T}}\nregions: [us-east]\n",
    };

    expect(problemsOf({ ...accounts, "servers/a.yaml": server("a", { region: "us-west" }) })[0]).toContain(
      '"us-west" is not among the regions of account main',
    );
  });
});

describe("a fleet that cannot be read", () => {
  it.each([
    { name: "an empty folder", files: [] },
    {
      name: "no fleet.yaml",
      files: fleetFiles({ "servers/a.yaml": server("a") }).filter(({ path }) => path !== "fleet.yaml"),
    },
    {
      name: "a broken fleet.yaml",
      files: fleetFiles({ "fleet.yaml": "kind: Fleet\n", "servers/a.yaml": server("a") }),
    },
    {
      name: "a broken server",
      files: fleetFiles({ "servers/a.yaml": server("a"), "servers/b.yaml": "kind: Server\nname: [\n" }),
    },
    {
      name: "an unreadable server",
      files: [...fleetFiles(), { ...file("servers/a.yaml", ""), unreadable: "is not UTF-8" }],
    },
    {
      name: "merge marks of git",
      files: fleetFiles({ "servers/a.yaml": `<<<<<<< HEAD\n${server("a")}=======\n>>>>>>> x\n` }),
    },
    {
      name: "a lost account",
      files: fleetFiles({ "servers/a.yaml": server("a") }).filter(({ path }) => path !== "accounts/main.yaml"),
    },
  ])("is not a fleet with fewer servers: $name", ({ files }) => {
    const compiled = compile(files, { clouds });

    expect(isUsable(compiled)).toBe(false);
    expect(compiled.problems.length).toBeGreaterThan(0);
  });

  it("keeps the names of what is invalid", () => {
    const compiled = compileWith({
      "servers/a.yaml": server("a", { power: "off" }),
      "servers/b.yaml": "kind: Server\nname: b\nlabels: [\n",
    });

    expect(compiled.invalid.map(({ kind, name, path }) => ({ kind, name, path }))).toEqual([
      { kind: "Server", name: "a", path: "servers/a.yaml" },
      { kind: "Server", name: "b", path: "servers/b.yaml" },
    ]);
    expect(compiled.servers.size).toBe(0);
  });
});
