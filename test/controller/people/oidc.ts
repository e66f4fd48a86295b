import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

export const PAGE = "https://fleet.example.org";
export const CLIENT = { id: "fleetwright", secret: randomBytes(24).toString("base64url") };
const OTHER = { id: "wiki", secret: randomBytes(24).toString("base64url"), returnUrl: "https://wiki.example.org/back" };

export interface Somebody {
  sub: string;
  email: string;
  email_verified: boolean;
}

/** A real OpenID provider on loopback, at which `person` is who sits in front of the browser. */
export class Issuer {
  readonly url: string;
  readonly #server: Server;
  readonly #page: string;
  readonly #provider: Provider;
  person: Somebody | "declines" = "declines";
  /** Answers for the token endpoint instead of the provider's own. */
  answer: { status: number; body: string } | undefined;
  readonly #people = new Map<string, Somebody>();

  private constructor(server: Server, url: string, page: string, provider: Provider) {
    this.#page = page;
    this.#server = server;
    this.url = url;
    this.#provider = provider;
    server.on("request", (request, response) => void this.#take(request, response));
  }

  static async start(page = PAGE): Promise<Issuer> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    const provider = new Provider(url, {
      clients: [
        { client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [`${page}/ui/sign-in/return`] },
        { client_id: OTHER.id, client_secret: OTHER.secret, redirect_uris: [OTHER.returnUrl] },
      ],
      jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "one", alg: "RS256", use: "sig" }] },
      claims: { openid: ["sub"], email: ["email", "email_verified"], profile: [] },
      scopes: ["openid", "email", "profile"],
      cookies: { keys: [randomBytes(16).toString("hex")] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: () => "/interaction" },
      pkce: { required: (_: unknown, client: { clientId: string }) => client.clientId === CLIENT.id },
      findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => issuer.#people.get(id) }),
    });
    const issuer = new Issuer(server, url, page, provider);
    return issuer;
  }

  environment(): Record<string, string> {
    return {
      FLEETWRIGHT_OIDC_ISSUER: this.url,
      FLEETWRIGHT_OIDC_CLIENT_ID: CLIENT.id,
      FLEETWRIGHT_OIDC_CLIENT_SECRET: CLIENT.secret,
      FLEETWRIGHT_OIDC_NAME: "Example Login",
      FLEETWRIGHT_PAGE_URL: this.#page,
    };
  }

  /** What a browser comes back with that was sent here, as `person`. */
  async visit(start: string | URL): Promise<URL> {
    const cookies = new Map<string, string>();
    for (let url = new URL(start), hops = 0; hops < 12; hops += 1) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await fetch(url, { redirect: "manual", headers: { cookie } });
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        cookies.set(name, value);
      }
      const location = response.headers.get("location");
      if (location === null) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
      url = new URL(location, url);
      if (!url.href.startsWith(this.url)) return url;
    }
    throw new Error("the provider leads nowhere");
  }

  /** What the token endpoint answers for another client, where the same person signs in with this nonce. */
  async tokensOfAnother(nonce: string): Promise<string> {
    const url = new URL("/auth", this.url);
    const asked = {
      client_id: OTHER.id,
      redirect_uri: OTHER.returnUrl,
      response_type: "code",
      scope: "openid email",
      nonce,
    };
    url.search = new URLSearchParams(asked).toString();
    const code = (await this.visit(url)).searchParams.get("code")!;
    const response = await fetch(`${this.url}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${OTHER.id}:${OTHER.secret}`).toString("base64")}` },
      body: new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: OTHER.returnUrl }),
    });
    return await response.text();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === "/token" && this.answer !== undefined) {
      response.writeHead(this.answer.status, { "content-type": "application/json" }).end(this.answer.body);
      return;
    }
    if (!request.url?.startsWith("/interaction")) return await this.#provider.callback()(request, response);
    const { prompt, params, session } = await this.#provider.interactionDetails(request, response);
    const result =
      this.person === "declines"
        ? { error: "access_denied", error_description: "the person does not want to" }
        : prompt.name === "login"
          ? { login: { accountId: this.#seated(this.person) } }
          : { consent: { grantId: await this.#grant(session!.accountId, params.client_id) } };
    await this.#provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
  }

  #seated(person: Somebody): string {
    this.#people.set(person.sub, person);
    return person.sub;
  }

  async #grant(accountId: string, clientId: string): Promise<string> {
    const grant = new this.#provider.Grant({ accountId, clientId });
    grant.addOIDCScope("openid email profile");
    return await grant.save();
  }
}
