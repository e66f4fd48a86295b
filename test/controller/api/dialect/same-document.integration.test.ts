import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { VpsApi } from "../../../../controller/api/vps/api.ts";
import { composeInstance } from "../../../../controller/api/vps/instances/create.ts";
import { wishesOf } from "../../../../controller/capsule/config.ts";
import type { Template } from "../../../../controller/capsule/templates.ts";
import { editsOf, type Wish } from "../../../../controller/changes/wishes.ts";
import { wishedOf } from "../../../../controller/cli/wished.ts";
import { canonicalJson } from "../../../../controller/fleet/canonical.ts";
import { readDesired } from "../../../../controller/reconcile/desired.ts";
import { givenOf } from "../../../../controller/ui/parts/schema-form.ts";
import { SCHEMA } from "../../../../controller/ui/reads/new-server.ts";
import type { ServerSpec } from "../../../../resources/spec.ts";
import { PEOPLE, VpsSite } from "../vps/site.ts";

const ACCOUNT = "do-main";
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHkyb3VyLW93bi1rZXktZm9yLXRoZS1zYW1lLXRl";
const { signal } = new AbortController();

/** What somebody wants on DigitalOcean, as far as every surface can say it. */
interface Wanted {
  size: string;
  region: string;
  image: string;
  backups: boolean;
}

let site: VpsSite;
let api: VpsApi;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fw-same-"));
  site = await VpsSite.open();
  const { controller, service } = site;
  api = new VpsApi({ controller, service } as never);
}, 120_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await site?.close();
});

const fields = ({ backups, ...rest }: Wanted) => ({ account: ACCOUNT, ...rest, ...(backups && { backups }) });
const created = (name: string, create: Record<string, unknown>): Wish => ({ kind: "Server", name, create });

async function wishesByVps(
  name: string,
  { size: type, ...more }: Omit<Wanted, "backups"> & { backups?: boolean },
  sshKeys: string[] = [],
): Promise<readonly Wish[]> {
  const body = { provider_type: "digitalocean", label: name, type, sshKeys, ...more } as const;
  const call = { body, principal: PEOPLE.ada!, signal } as never;
  const seed = Buffer.from(name.padEnd(16, "x")).toString("hex");
  return (await composeInstance(api, call, {}, seed)).wishes!;
}

/** The same by each surface: the wishes that its own code makes of its own words, or the file that somebody writes. */
const SURFACES: Readonly<Record<string, (name: string, wanted: Wanted) => Promise<readonly Wish[] | string>>> = {
  vps: (name, wanted) => wishesByVps(name, wanted),
  async capsule(name, { size, region, image, backups }) {
    const template = { provider: "digitalocean", size, regions: [region], image } as unknown as Template;
    const at = { account: ACCOUNT, owner: "ada@example.org" };
    return await wishesOf(template, { name, backups }, at, site.service.desired!, async () => false);
  },
  async api(name, wanted) {
    return [created(name, fields(wanted))];
  },
  async cli(name, wanted) {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, stringify({ create: [{ kind: "Server", name, ...fields(wanted) }] }));
    const { create = [] } = await wishedOf({ file });
    return create.map(({ kind, name, ...rest }) => ({ kind, name, create: rest }) as Wish);
  },
  async page(name, { backups, ...wanted }) {
    const form = new URLSearchParams({ account: ACCOUNT, ...wanted, ...(backups && { backups: "true" }) });
    const given = Object.keys(SCHEMA).flatMap((field) => {
      const value = givenOf(field, SCHEMA[field]!, form);
      return value === undefined || field === "name" ? [] : [[field, value] as const];
    });
    return [created(name, Object.fromEntries(given))];
  },
  async "pull request"(name, wanted) {
    return stringify({ kind: "Server", name, ...fields(wanted) });
  },
};

/** All that a server is compiled to but what tells it apart: name, owner and labels, and what only its surface keeps of it. */
function comparable(spec: ServerSpec): string {
  const {
    name: _,
    identity: __,
    owner: ___,
    labels: ____,
    title: _____,
    uuid: ______,
    hostname: _______,
    ...rest
  } = spec as ServerSpec & {
    identity?: string;
  };
  return canonicalJson({ ...rest, deletionPolicy: "as its surface says" });
}

it("the same server by each surface compiles to the same document", async () => {
  const wanted = fc.record({
    size: fc.constantFrom("s-1vcpu-1gb", "s-2vcpu-4gb", "s-4vcpu-8gb"),
    region: fc.constantFrom("nyc3", "fra1"),
    image: fc.constantFrom("debian-12-x64", "ubuntu-22-04-x64"),
    backups: fc.boolean(),
  });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(wanted, async (wanted) => {
      round++;
      const names = new Map<string, string>();
      for (const [surface, compose] of Object.entries(SURFACES)) {
        const asked = await compose(`r${round}-${surface.replace(" ", "-")}`, wanted);
        const files = typeof asked === "string" ? [[`servers/r${round}.yaml`, asked] as const] : filesOf(asked);
        for (const [path, text] of files) {
          site.fleet.write({ [path]: text });
          names.set(/^name: (.*)$/m.exec(text)![1]!, surface);
        }
      }
      site.fleet.git("checkout", "-q", "-B", "compared");
      const desired = await readDesired(site.controller, site.fleet.commit("Compare"), signal);
      site.fleet.git("checkout", "-q", "main");
      const documents = desired.objects.flatMap(({ spec }) =>
        spec.kind === "Server" && names.has(spec.name) ? [[names.get(spec.name)!, comparable(spec)] as const] : [],
      );

      expect(documents.map(([surface]) => surface).sort()).toEqual(Object.keys(SURFACES).sort());
      for (const [surface, document] of documents) expect([surface, document]).toEqual([surface, documents[0]![1]]);
    }),
    { numRuns: 8 },
  );
}, 240_000);

it("the same public key by each service that takes one is the same file, whatever its comment", async () => {
  const ofVps = await wishesByVps("with-key", { size: "s-1vcpu-1gb", region: "nyc3", image: "debian-12-x64" }, [
    `${KEY} a`,
  ]);
  const template = { provider: "digitalocean", size: "s", regions: ["nyc3"], image: "i" } as unknown as Template;
  const at = { account: ACCOUNT, owner: "ada@example.org" };
  const config = { name: "with-key", ssh_keys: [`${KEY} b`] };
  const ofCapsule = await wishesOf(template, config, at, site.service.desired!, async () => false);

  const keysOf = (wishes: readonly Wish[]) => wishes.filter(({ kind }) => kind === "SshKey").map(({ name }) => name);
  expect(keysOf(ofVps)).toEqual([expect.stringMatching(/^key-[0-9a-f]{16}$/)]);
  expect(keysOf(ofCapsule)).toEqual(keysOf(ofVps));
});

const filesOf = (wishes: readonly Wish[]): (readonly [string, string])[] =>
  editsOf(wishes, site.service.desired!).flatMap((edit) =>
    "path" in edit && "text" in edit && edit.text !== null ? [[edit.path, edit.text] as const] : [],
  );
