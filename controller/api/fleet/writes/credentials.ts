import { told } from "../../../changes/changes.ts";
import type { Principal } from "../../../people/principal.ts";
import type { FleetApi } from "../api.ts";
import { missing } from "../problems.ts";
import { type Parameter, type Route, route } from "../route.ts";
import { filter, flag, instant, listOf, nameIn, oneOf, record, text } from "../shapes.ts";

const ACCOUNT = nameIn("name", "The account's name.");
const FIELD: Parameter = nameIn("field", "The credential's name, as its cloud has it: `token`.");
const ENDPOINT = { type: "string", minLength: 1, maxLength: 500 };
const endpointBody = record({
  "endpoint?": { ...ENDPOINT, description: "Default: the address that the account's file names." },
});

const CREDENTIAL = record({
  account: text,
  field: text,
  endpoint: { ...text, description: "The one address that it may be sent to." },
  key: { ...text, description: "Names the key that it is sealed with." },
  readable: { ...flag, description: "That key is here." },
  by: text,
  at: instant,
});
const BINDING = record({ account: text, field: text, reference: text, endpoint: text, by: text, at: instant });
const BOUND = record({ account: text, endpoint: text, fields: listOf(text), "unset?": listOf(text) });

interface Named {
  name: string;
}

/** What lets the controller in at the clouds. Values come in and never go out. */
export const credentialRoutes: readonly Route[] = [
  route({
    id: "listCredentials",
    method: "get",
    path: "/fleet/v1/credentials",
    tag: "credentials",
    role: "admin",
    summary: "List what is sealed and bound",
    description: "No value, and no part of one.",
    answers: {
      200: {
        description: "Sealed credentials and bindings.",
        schema: record({ credentials: listOf(CREDENTIAL), bindings: listOf(BINDING) }),
      },
    },
    run: async ({ credentials }, { principal }) => {
      const list = await credentials.list();
      const isTheirs = ({ account }: { account: string }) => maySee(principal, account);
      return {
        body: { credentials: list.credentials.filter(isTheirs), bindings: list.bindings.filter(isTheirs) },
      };
    },
  }),
  route<Named & { field: string }, { value: string; endpoint?: string }>({
    id: "setCredential",
    method: "put",
    path: "/fleet/v1/accounts/{name}/credentials/{field}",
    tag: "credentials",
    role: "admin",
    once: true,
    summary: "Seal a credential",
    description:
      "For this account, field and address alone; what was sealed for them before is gone. Nobody reads the value again.",
    parameters: [ACCOUNT, FIELD],
    body: record({
      value: { type: "string", minLength: 1, maxLength: 65_536, writeOnly: true },
      "endpoint?": {
        ...ENDPOINT,
        description: "Default: the file's, where credentials of the account may go already.",
      },
    }),
    answers: {
      200: {
        description: "What is known of it. `isUsed`: the account's file refers to it, with this address.",
        schema: record({ account: text, field: text, "endpoint?": text, "key?": text, "isUsed?": flag }),
      },
    },
    run: async (api, { principal, parameters: { name, field }, body, mutation }) => {
      const at = await accountFor(api, principal, name);
      if (mutation!.dryRun)
        return { body: { account: name, field, ...(body.endpoint && { endpoint: body.endpoint }) } };
      const { endpoint, key, isUsed } = await api.credentials.set({ ...at, field, ...body, by: told(principal) });
      return { body: { account: name, field, endpoint, key, isUsed } };
    },
  }),
  route<Named & { field: string; endpoint?: string }>({
    id: "removeCredential",
    method: "delete",
    path: "/fleet/v1/accounts/{name}/credentials/{field}",
    tag: "credentials",
    role: "admin",
    once: true,
    summary: "Forget a sealed credential",
    parameters: [ACCOUNT, FIELD, filter("endpoint", "Only what is sealed for this address.", ENDPOINT)],
    answers: {
      200: {
        description: "What is gone, or would be.",
        schema: record({ removed: listOf(record({ account: text, field: text, endpoint: text })) }),
      },
    },
    run: async ({ credentials }, { principal, parameters: { name: account, field, endpoint }, mutation }) => {
      if (!maySee(principal, account)) return missing(`account ${account}`);
      const only = { ...(endpoint !== undefined && { endpoint }) };
      if (!mutation!.dryRun)
        return { body: { removed: await credentials.remove({ account, field, ...only, by: told(principal) }) } };
      const removed = (await credentials.list()).credentials
        .filter((one) => one.account === account && one.field === field && (endpoint ?? one.endpoint) === one.endpoint)
        .map((one) => ({ account, field, endpoint: one.endpoint }));
      return { body: { removed } };
    },
  }),
  route<Named>({
    id: "validateCredentials",
    method: "post",
    path: "/fleet/v1/accounts/{name}/validate",
    tag: "credentials",
    role: "admin",
    summary: "Ask the cloud what the credentials of an account may do",
    description: "One request, which changes nothing, also with `dryRun`.",
    parameters: [ACCOUNT],
    answers: {
      200: {
        description:
          "`access`: the cloud itself has told; `list`: it tells nothing of the kind and has answered a list.",
        schema: record({
          account: text,
          provider: text,
          endpoint: text,
          by: oneOf("access", "list"),
          "identity?": text,
          may: listOf(text),
          "lacks?": listOf(text),
          "expires?": text,
        }),
      },
    },
    run: async (api, { principal, parameters: { name }, signal }) => {
      const at = await accountFor(api, principal, name);
      const { account, provider, endpoint, by, may, ...rest } = await api.credentials.validate({ ...at, signal });
      const { identity, lacks, expires } = rest;
      const more = { ...(identity && { identity }), ...(lacks && { lacks }), ...(expires && { expires }) };
      return { body: { account, provider, endpoint, by, may, ...more } };
    },
  }),
  route<Named, { endpoint?: string }>({
    id: "bindCredentials",
    method: "post",
    path: "/fleet/v1/accounts/{name}/bind",
    tag: "credentials",
    role: "admin",
    once: true,
    summary: "Let the credentials of an account go to an address",
    description: "What its file refers to is bound, and what is sealed is sealed for this address as well.",
    parameters: [ACCOUNT],
    body: endpointBody,
    answers: { 200: { description: "Fields that may go there; `unset` was not set yet.", schema: BOUND } },
    run: async (api, { principal, parameters: { name }, body, mutation }) => {
      const at = await accountFor(api, principal, name);
      if (mutation!.dryRun) {
        const { credentials } = (await api.view()).desired.accounts.get(name)!.spec;
        const fields = Object.keys(credentials);
        return { body: { account: name, endpoint: body.endpoint ?? "", fields } };
      }
      return { body: await api.credentials.bind({ ...at, ...body, by: told(principal) }) };
    },
  }),
  route<Named, { endpoint: string }>({
    id: "unbindCredentials",
    method: "post",
    path: "/fleet/v1/accounts/{name}/unbind",
    tag: "credentials",
    role: "admin",
    once: true,
    summary: "Let nothing of an account go to an address any more",
    parameters: [ACCOUNT],
    body: record({ endpoint: ENDPOINT }),
    answers: { 200: { description: "Fields that may not go there any more.", schema: BOUND } },
    run: async ({ credentials }, { principal, parameters: { name: account }, body: { endpoint }, mutation }) => {
      if (!maySee(principal, account)) return missing(`account ${account}`);
      if (!mutation!.dryRun) return { body: await credentials.unbind({ account, endpoint, by: told(principal) }) };
      const list = await credentials.list();
      const isMeant = (one: { account: string; endpoint: string }) =>
        one.account === account && one.endpoint === endpoint;
      const fields = [...list.credentials.filter(isMeant), ...list.bindings.filter(isMeant)].map(({ field }) => field);
      return { body: { account, endpoint, fields: [...new Set(fields)].sort() } };
    },
  }),
];

/** A credential is for all of an account: whoever is about some owners has none. */
const maySee = ({ accounts, owners }: Principal, account: string): boolean =>
  owners === undefined && (accounts?.includes(account) ?? true);

/** As the served commit has it. @throws {ApiError} NOT_FOUND */
async function accountFor(api: FleetApi, principal: Principal, account: string) {
  const { desired } = await api.view();
  if (!maySee(principal, account) || !desired.accounts.has(account)) return missing(`account ${account}`);
  return { account, commit: desired.commit };
}
