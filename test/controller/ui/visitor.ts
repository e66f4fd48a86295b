import type { Hono } from "hono";

export const HOST = "fleet.example.org";

export interface Seen {
  status: number;
  /** Where it leads to. */
  location: string | null;
  headers: Headers;
  text: string;
}

/** What a browser without scripts does: it keeps cookies, says where it comes from, and sends forms with what is in them. */
export class Visitor {
  readonly #app: Hono;
  readonly cookies = new Map<string, string>();

  constructor(app: Hono) {
    this.#app = app;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Seen> {
    return await this.#ask(path, { headers });
  }

  /** As it comes from a page of the same site. */
  async post(
    path: string,
    fields: Record<string, string | string[]>,
    headers: Record<string, string> = {},
  ): Promise<Seen> {
    const body = new URLSearchParams(
      Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])),
    ).toString();
    const own = { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" };
    return await this.#ask(path, { method: "POST", body, headers: { ...own, ...headers } });
  }

  /** Sends the form of a page that goes to `action`, with the hidden fields that it has. */
  async send(page: string, action: string, fields: Record<string, string | string[]> = {}): Promise<Seen> {
    const { text } = await this.get(page);
    return await this.post(action, { ...hiddenFields(text, action), ...fields });
  }

  async signIn(email: string, password: string): Promise<Seen> {
    const answer = await this.send("/ui/sign-in", "/ui/sign-in", { email, password });
    if (answer.status !== 303) throw new Error(`${email} was not let in: ${answer.status} ${answer.text}`);
    return answer;
  }

  async #ask(path: string, init: RequestInit & { headers: Record<string, string> }): Promise<Seen> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { host: HOST, ...(cookie && { cookie }), ...init.headers };
    const response = await this.#app.request(`http://${HOST}${path}`, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const { status } = response;
    return {
      status,
      location: response.headers.get("location"),
      headers: response.headers,
      text: await response.text(),
    };
  }
}

/** Of the form that goes to `action`. */
export function hiddenFields(text: string, action: string): Record<string, string> {
  const form = text.split("<form").find((part) => part.includes(`method="post" action="${action}"`));
  if (form === undefined) throw new Error(`no form goes to ${action}:\n${text}`);
  const inputs = form.split("</form>")[0]!.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g);
  return Object.fromEntries([...inputs].map(([, name, value]) => [name!, value!.replaceAll("&amp;", "&")]));
}
