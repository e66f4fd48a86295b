import fc from "fast-check";
import { expect } from "vitest";
import { parse } from "yaml";
import type { VpsApi } from "../../../../controller/api/vps/api.ts";
import { bodyCheck } from "../../../../controller/api/vps/check.ts";
import { CREATE_BODY, type CreateBody } from "../../../../controller/api/vps/instances/body.ts";
import { composeInstance } from "../../../../controller/api/vps/instances/create.ts";
import { inRequestsWords } from "../../../../controller/api/vps/instances/refused.ts";
import { editsOf } from "../../../../controller/changes/wishes.ts";
import { parseFleetFile } from "../../../../controller/fleet/file.ts";
import { gateway as linode } from "../../../../resources/linode/gateway.ts";
import { KEY } from "../../../e2e/fleet.ts";
import { PEOPLE } from "./site.ts";

const SEED = "0123456789abcdef0123456789abcdef";
const PLAIN: CreateBody = {
  provider_type: "linode",
  label: "plain",
  type: "g6-nanode-1",
  region: "us-east",
  image: "linode/debian12",
  sshKeys: [KEY.publicKey],
  tags: ["web"],
};

/** What ends a text, a line, a mapping, a path or a header, where somebody takes it for one. */
const HOSTILE = [
  '"',
  "'",
  "\\",
  "\n",
  "\r\nx-evil: 1",
  ": ",
  "- ",
  "#",
  "{{",
  "}",
  "&a *a",
  "!!js",
  "%2e%2e/",
  "../../",
  "$(id)",
  "`id`",
  "';--",
  "\u0000",
  "\u2028",
  "nodeBalancer",
  "__proto__",
  "name: other",
  "?x=1",
  "ssh-ed25519 AAAA",
];
const text = fc.array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "grapheme" })), { maxLength: 4 });
const hostile = text.map((parts) => parts.join(""));

const FIELDS: Readonly<Record<string, (value: string) => Partial<CreateBody>>> = {
  label: (label) => ({ label }),
  region: (region) => ({ region }),
  type: (type) => ({ type }),
  image: (image) => ({ image }),
  tags: (tag) => ({ tags: [tag] }),
  sshKeys: (key) => ({ sshKeys: [key] }),
  vpc_uuid: (vpc_uuid) => ({ vpc_uuid }),
  stackscriptData: (value) => ({ stackscriptId: 999, stackscriptData: { [value]: value } }),
};
/** Where a field of the request stands in the file that is written for it. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  label: ["title", "hostname"],
  region: ["region"],
  type: ["size"],
  image: ["image"],
  tags: ["labels"],
  sshKeys: ["keys"],
  vpc_uuid: ["provider"],
  stackscriptData: ["provider"],
};

/** Those that stand there as they were sent. */
const KEPT: Readonly<Record<string, string>> = {
  label: "title",
  region: "region",
  type: "size",
  image: "image",
  tags: "labels",
};

/**
 * Whatever text a field has, the request is refused by that field, or the server's file has exactly that text there and all else as it was without it: it
 * becomes no other field, no other file and no other request.
 * @param providers one whose catalogue is known, so that only what it sells is taken, and one whose is not, which takes any text
 */
export async function expectNoInjection(
  api: VpsApi,
  providers: readonly [known: string, unknown: string],
): Promise<void> {
  const check = bodyCheck(CREATE_BODY);
  const filesOf = async (body: object) => {
    const call = { body: check(JSON.parse(JSON.stringify(body))), principal: PEOPLE.ada!, signal };
    const { wishes = [] } = await composeInstance(api, call as never, {}, SEED);
    return editsOf(wishes, api.service.desired!).flatMap((edit) =>
      "path" in edit && "text" in edit && edit.text !== null ? [{ path: edit.path, text: edit.text }] : [],
    );
  };
  const { signal } = new AbortController();
  const plain = new Map<string, { path: string; text: string }>();
  for (const provider_id of providers) plain.set(provider_id, serverOf(await filesOf({ ...PLAIN, provider_id })));
  const places = fc
    .tuple(fc.constantFrom(...providers), fc.constantFrom(...Object.keys(FIELDS)))
    // A StackScript is looked up.
    .filter(([provider, field]) => field !== "stackscriptData" || provider === providers[0]);

  await fc.assert(
    fc.asyncProperty(places, hostile, async ([provider_id, field], value) => {
      const before = plain.get(provider_id)!;
      const wanted = parse(before.text) as Record<string, unknown>;
      const body = { ...PLAIN, provider_id, ...FIELDS[field]!(value) };
      let files: { path: string; text: string }[];
      try {
        files = await filesOf(body);
      } catch (error) {
        const { kind, field: told = "" } = inRequestsWords(error);
        expect(["invalid", "malformed", "forbidden", "capacity"]).toContain(kind);
        expect([field, told.split(".")[0]]).toEqual([field, field]);
        return;
      }
      const { path, text } = serverOf(files);
      // What is no key is refused by the schema of its file.
      if (field === "sshKeys" && files.some((file) => parseFleetFile(file.text).faults.length > 0)) return;
      const found = parse(text) as Record<string, unknown>;
      const others = (all: Record<string, unknown>) =>
        Object.fromEntries(Object.entries(all).filter(([name]) => !PLACES[field]!.includes(name)));
      expect(path).toBe(before.path);
      expect(parseFleetFile(text).faults).toEqual([]);
      expect(others(found)).toEqual(others(wanted));
      if (field in KEPT) expect(found[KEPT[field]!]).toEqual(field === "tags" ? labelOf(value) : value);
    }),
    { numRuns: 600 },
  );
  fc.assert(
    fc.property(fc.dictionary(hostile, hostile), hostile, (stackscriptData, rootPassword) => {
      const sent = { label: "plain", region: "us-east", tags: ["web"] };
      const { root_pass, stackscript_data, ...rest } = JSON.parse(
        JSON.stringify(linode.withSecrets!(sent, { rootPassword, stackscriptData })),
      );
      expect([root_pass, stackscript_data, rest]).toEqual([
        rootPassword,
        JSON.parse(JSON.stringify(stackscriptData)),
        sent,
      ]);
    }),
  );
}

const serverOf = (files: { path: string; text: string }[]) => files.find(({ path }) => path.startsWith("servers/"))!;

function labelOf(tag: string): object {
  const [key, ...value] = tag.split(":");
  return { [key!]: value.length === 0 ? null : value.join(":") };
}
