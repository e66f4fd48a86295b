import type { AccountSpec } from "../../../../resources/spec.ts";
import { PAGE_PARAMETERS, type PageQuery, pageFrom, pageOf } from "../page.ts";
import { missing } from "../problems.ts";
import { type Route, route } from "../route.ts";
import { flag, listOf, nameIn, record, text, whole } from "../shapes.ts";
import { compareKeys, type FleetView } from "../view.ts";
import { accountsFor } from "./state.ts";

const ACCOUNT = record(
  {
    name: text,
    "title?": text,
    provider: text,
    "endpoint?": text,
    regions: { ...listOf(text), description: "Where servers may be; empty: everywhere." },
    cells: whole,
    inFiles: { ...flag, description: "False for one that only records have: its file is gone." },
    "path?": text,
    "suspended?": text,
    "frozenUntil?": text,
    "endedOn?": text,
    servers: whole,
  },
  "Credentials, references to them among these, are never told.",
);

/** Accounts, without anything of their credentials. */
export const accountRoutes: readonly Route[] = [
  route<PageQuery>({
    id: "listAccounts",
    method: "get",
    path: "/fleet/v1/accounts",
    tag: "accounts",
    role: "viewer",
    summary: "List accounts",
    parameters: PAGE_PARAMETERS,
    answers: { 200: { description: "A page of accounts.", schema: pageOf(ACCOUNT) } },
    run: async (api, { principal, parameters }) => {
      const view = await api.view();
      const key = ({ spec }: { spec: AccountSpec }) => [spec.name, ""] as const;
      const page = pageFrom(accountsFor(view, principal), parameters, "accounts", key, compareKeys);
      return { body: { ...page, items: page.items.map((one) => accountShown(view, one)) } };
    },
  }),
  route<{ name: string }>({
    id: "getAccount",
    method: "get",
    path: "/fleet/v1/accounts/{name}",
    tag: "accounts",
    role: "viewer",
    summary: "Get one account",
    parameters: [nameIn("name", "The account's name.")],
    answers: { 200: { description: "The account.", schema: ACCOUNT, headers: { ETag: "For `If-Match`." } } },
    run: async (api, { principal, parameters: { name } }) => {
      const view = await api.view();
      const found = accountsFor(view, principal).find(({ spec }) => spec.name === name);
      if (found === undefined) return missing(`account ${name}`);
      const blob = view.object("Account", name)?.file.blob;
      return { body: accountShown(view, found), ...(blob !== undefined && { headers: { etag: `"${blob}"` } }) };
    },
  }),
];

export function accountShown(view: FleetView, { spec, cells }: { spec: AccountSpec; cells: number }) {
  const { name, title, provider, endpoint, regions, suspend, freeze, ended } = spec;
  const path = view.desired.accountPaths.get(name);
  return {
    name,
    ...(title !== undefined && { title }),
    provider,
    ...(endpoint !== undefined && { endpoint: withoutLogin(endpoint) }),
    regions,
    cells,
    inFiles: view.desired.accounts.has(name),
    ...(path !== undefined && { path }),
    ...(suspend && { suspended: suspend.reason }),
    ...(freeze && { frozenUntil: freeze.until }),
    ...(ended && { endedOn: ended.on }),
    servers: [...view.objects("Server")].filter((one) => one.spec?.account === name).length,
  };
}

/** An address may carry a name and a password. */
function withoutLogin(endpoint: string): string {
  const url = URL.parse(endpoint);
  if (url === null || (url.username === "" && url.password === "")) return endpoint;
  url.username = "";
  url.password = "";
  return url.href;
}
