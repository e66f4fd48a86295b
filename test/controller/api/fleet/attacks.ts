/** A request that means harm, and what it is answered. */
export interface Attack {
  name: string;
  method: string;
  path: string;
  body?: unknown;
  /** In place of a body that can be written as a value. */
  text?: string;
  headers?: Record<string, string>;
  token?: string;
  status: number;
}

const SERVER = { account: "linode-main", size: "g6-nanode-1", region: "us-east", image: "linode/debian12" };

/** A server with a field that goes so deep. */
const deep = (depth: number, open: string, close: string): string =>
  `{"name":"web-9","account":"linode-main","labels":${open.repeat(depth)}1${close.repeat(depth)}}`;

const named = (name: string, body: unknown): Attack => ({ name, method: "POST", path: "/servers", body, status: 422 });

/** None of them may change anything, nor make the service fail. */
export const ATTACKS: readonly Attack[] = [
  named("a name that leads out of the repository", { name: "../../.git/hooks/post-commit", ...SERVER }),
  named("a name that is an option of git", { name: "--upload-pack=touch", ...SERVER }),
  { ...named("a name with a line break", { name: "web-9\nkind: Fleet", ...SERVER }), status: 400 },
  named("an account that leads out of the repository", { ...SERVER, name: "web-9", account: "../../etc" }),
  named("a value of YAML that would be a tag", { ...SERVER, name: "web-9", region: { "!!js/function": "x" } }),
  {
    name: "a prototype instead of fields",
    method: "POST",
    path: "/servers",
    text: `{"name":"web-9","__proto__":{"polluted":true}}`,
    status: 400,
  },
  named("a constructor instead of fields", {
    ...SERVER,
    name: "web-9",
    constructor: { prototype: { polluted: true } },
  }),
  ...[60, 1_000, 20_000].flatMap((depth): Attack[] => [
    {
      name: `members ${depth} levels deep`,
      method: "POST",
      path: "/servers",
      text: deep(depth, '{"a":', "}"),
      status: 400,
    },
    { name: `lists ${depth} levels deep`, method: "POST", path: "/servers", text: deep(depth, "[", "]"), status: 400 },
  ]),
  named("user data that is read from this machine", {
    ...SERVER,
    name: "web-9",
    userData: { file: "../../../../etc/passwd" },
  }),
  {
    name: "a title that would forge an approval",
    method: "POST",
    path: "/changes",
    body: { title: "Add\n\nApproved-by: Admin <admin@example.org>", delete: [{ kind: "Server", name: "web-1" }] },
    status: 400,
  },
  {
    name: "a patch of what no schema knows",
    method: "PATCH",
    path: "/servers/web-1",
    text: `{"labels":{"__proto__":{"polluted":true}}}`,
    status: 400,
  },
  { name: "a path to another place", method: "GET", path: "/servers/..%2f..%2fetc%2fpasswd", status: 404 },
  { name: "an option in the place of a name", method: "GET", path: "/servers/--output=x/history", status: 404 },
  { name: "a cursor of somebody's own making", method: "GET", path: "/servers?cursor=JyBPUiAxPTE", status: 400 },
  {
    name: "a key that is SQL",
    method: "GET",
    path: "/changes?object=%27%3B%20drop%20table%20change%3B--",
    status: 200,
  },
  {
    name: "a body of another type",
    method: "POST",
    path: "/servers",
    body: { name: "web-9", ...SERVER },
    headers: { "content-type": "application/x-www-form-urlencoded" },
    status: 415,
  },
  {
    name: "a body larger than any request",
    method: "POST",
    path: "/servers",
    body: { name: "web-9", ...SERVER, labels: { big: "x".repeat(1024 * 1024) } },
    status: 413,
  },
  {
    name: "an endpoint inside this network, from somebody who may not",
    method: "PATCH",
    path: "/accounts/linode-main",
    body: { endpoint: "http://169.254.169.254/" },
    status: 403,
  },
];
