import type { Wish } from "../../../changes/wishes.ts";
import type { FleetApi } from "../api.ts";
import { COLLECTIONS } from "../collections.ts";
import { ApiError, missing } from "../problems.ts";
import { type Call, type Parameter, type Route, route } from "../route.ts";
import { NAME, nameIn } from "../shapes.ts";
import type { FleetObject } from "../view.ts";
import { BEGUN, openChange } from "./open-change.ts";
import { roleFor } from "./wishes.ts";

/** Kinds that each have a collection to write to; of accounts reading tells less. */
const WRITTEN = { ...COLLECTIONS, Account: { path: "accounts", one: "account" } } as const;
type WrittenKind = keyof typeof WRITTEN;

export const EXECUTES: Parameter = {
  name: "executes",
  in: "query",
  description: "Executed as soon as it is approved.",
  schema: { type: "boolean", default: false },
};
export const IF_MATCH: Parameter = {
  name: "If-Match",
  in: "header",
  description:
    "ETag of the object as the caller has it: 412 when its file is another by now, 409 when it becomes another before the change is executed.",
  schema: { type: "string", maxLength: 400 },
};

interface Given {
  name: string;
  executes: boolean;
  "If-Match"?: string;
}

/** Creating, changing and deleting one object: each is a change of its own. */
export const objectWrites: readonly Route[] = (Object.keys(WRITTEN) as WrittenKind[]).flatMap((kind) => {
  const { path, one } = WRITTEN[kind];
  const base = `/fleet/v1/${path}`;
  const role = roleFor(kind);
  return [
    route<Given, { name: string } & Record<string, unknown>>({
      id: `create${kind}`,
      method: "post",
      path: base,
      tag: path,
      role,
      summary: `Open a change that adds one ${one}`,
      description: "The body is what its file would say, without `kind`.",
      parameters: [EXECUTES],
      body: { type: "object", required: ["name"], properties: { name: NAME }, maxProperties: 100 },
      answers: BEGUN,
      run: async (api, call) => {
        const { name, ...create } = call.body;
        return await openChange(api, call, wished(`Add ${one} ${name}`, { kind, name, create }, call));
      },
    }),
    route<Given, Record<string, unknown>>({
      id: `patch${kind}`,
      method: "patch",
      path: `${base}/{name}`,
      tag: path,
      role,
      summary: `Open a change that edits one ${one}`,
      description: "A merge patch (RFC 7396): null takes a field out. Comments and order of the file stay.",
      parameters: [nameIn("name", `The ${one}'s name.`), EXECUTES, IF_MATCH],
      body: { type: "object", minProperties: 1, maxProperties: 100 },
      answers: BEGUN,
      run: async (api, call) => {
        const { name } = call.parameters;
        const at = { kind, name, ...(await blobOf(api, kind, call)) };
        return await openChange(api, call, wished(`Change ${one} ${name}`, { ...at, patch: call.body }, call));
      },
    }),
    route<Given>({
      id: `delete${kind}`,
      method: "delete",
      path: `${base}/{name}`,
      tag: path,
      role,
      summary: `Open a change that removes one ${one}`,
      parameters: [nameIn("name", `The ${one}'s name.`), EXECUTES, IF_MATCH],
      answers: BEGUN,
      run: async (api, call) => {
        const { name } = call.parameters;
        const at = { kind, name, ...(await blobOf(api, kind, call)) };
        return await openChange(api, call, wished(`Remove ${one} ${name}`, { ...at, delete: true }, call));
      },
    }),
  ];
});

const wished = (title: string, wish: Wish, { parameters }: Call<Given>) => ({
  title,
  wishes: [wish],
  executes: parameters.executes,
});

/** The text that the caller has seen. @throws {ApiError} CONDITION_FAILED, NOT_FOUND */
async function blobOf(
  api: FleetApi,
  kind: WrittenKind,
  { principal, parameters }: Call<Given>,
): Promise<{ ifBlob?: string }> {
  const view = await api.view();
  const object = view.object(kind, parameters.name);
  if (object === undefined || !view.isWithin(principal, object))
    return missing(`${WRITTEN[kind].one} ${parameters.name}`);
  return seenBlob(object, parameters["If-Match"]);
}

/** @throws {ApiError} CONDITION_FAILED */
export function seenBlob({ file, name }: FleetObject, given: string | undefined): { ifBlob?: string } {
  if (given === undefined || given.trim() === "*") return {};
  const { blob } = file;
  const isSame = given.split(",").some((etag) => etag.trim().replace(/^"|"$/g, "").split(".")[0] === blob);
  if (!isSame)
    throw new ApiError(
      "CONDITION_FAILED",
      `the file of ${name || "the fleet"} has changed since you read it: read it again`,
    );
  return { ifBlob: blob };
}
