import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Hono } from "hono";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { operationsApp } from "../../../controller/api/operations.ts";
import { readDelivery } from "../../../controller/forge/webhook.ts";

const SECRET = "a-secret-of-this-test-only";
const NOW = Date.parse("2026-01-01T00:00:00Z");
const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, "fixtures", `${name}.hook.json`));
const hex = (body: Uint8Array, secret = SECRET) => createHmac("sha256", secret).update(body).digest("hex");

function read(kind: "github" | "gitea" | "gitlab", body: Uint8Array, headers: Record<string, string>, secret = SECRET) {
  return readDelivery(kind, { header: (name) => headers[name], body, secret, now: NOW });
}

/** As GitLab signs with a signing token. */
function signed(body: Uint8Array, secret: string, id = "delivery-1", at = NOW / 1000): Record<string, string> {
  const key = Buffer.from(secret.slice(6), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": `v1,${signature}` };
}

describe("a webhook's call", () => {
  const comment = fixture("github-issue-comment");
  const note = fixture("gitlab-note");
  const token = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

  it("is taken for what it tells when it is signed as its forge signs", () => {
    const github = (name: string) => {
      const body = fixture(name);
      return read("github", body, { "x-hub-signature-256": `sha256=${hex(body)}`, "x-github-delivery": "id-1" });
    };

    expect(github("github-pull-request")).toMatchObject({
      pull: 2,
      keys: ["github id-1", expect.stringMatching(/^body /)],
    });
    expect(github("github-issue-comment")).toMatchObject({ pull: 1347 });
    expect(read("gitea", comment, { "x-gitea-signature": hex(comment), "x-gitea-delivery": "1" })).toMatchObject({
      pull: 1347,
    });
    expect(read("gitea", comment, { "x-hub-signature-256": `sha256=${hex(comment)}` })).toMatchObject({ pull: 1347 });
    expect(read("gitlab", note, { "x-gitlab-token": SECRET, "x-gitlab-event-uuid": "u" })).toMatchObject({
      pull: 1,
      keys: ["gitlab u", expect.anything()],
    });
    expect(read("gitlab", fixture("gitlab-merge-request"), { "x-gitlab-token": SECRET })).toMatchObject({ pull: 1 });
    expect(read("gitlab", note, signed(note, token), token)).toMatchObject({ pull: 1 });
  });

  it("is signed as GitHub's own example is", () => {
    const body = Buffer.from("Hello, World!");
    const header = { "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b04e17e" };
    const json = Buffer.from('{"issue":{"number":3}}');

    // The signature is right, and the body is no payload.
    expect(read("github", body, header, "It's a Secret to Everybody")).toBeUndefined();
    expect(read("github", json, { "x-hub-signature-256": `sha256=${hex(json)}` })?.pull).toBeUndefined();
  });

  it.each([
    ["no signature", "github", comment, {}],
    ["another secret's", "github", comment, { "x-hub-signature-256": `sha256=${hex(comment, "another")}` }],
    ["another body's", "github", comment, { "x-hub-signature-256": `sha256=${hex(note)}` }],
    ["a GitLab token for GitHub", "github", comment, { "x-gitlab-token": SECRET }],
    ["no signature of Gitea", "gitea", comment, { "x-gitea-signature": "" }],
    ["another secret of Gitea", "gitea", comment, { "x-gitea-signature": hex(comment, "another") }],
    ["no token of GitLab", "gitlab", note, {}],
    ["a token that only begins right", "gitlab", note, { "x-gitlab-token": SECRET.slice(0, -1) }],
  ] as const)("is refused with %s", (_what, kind, body, headers) => {
    expect(read(kind, body, headers)).toBeUndefined();
  });

  it("is refused when its signing token signed another id, another body or another time", () => {
    const good = signed(note, token);

    expect(read("gitlab", note, { ...good, "webhook-id": "delivery-2" }, token)).toBeUndefined();
    expect(read("gitlab", comment, good, token)).toBeUndefined();
    expect(read("gitlab", note, signed(note, token, "delivery-1", NOW / 1000 - 600), token)).toBeUndefined();
    expect(read("gitlab", note, { "x-gitlab-token": token }, token)).toBeUndefined();
  });

  it("has pull requests looked at once, and is refused when it comes again under its id or another", async () => {
    const seen = new Set<string>();
    let looks = 0;
    const app: Hono = operationsApp({
      store: {} as never,
      registry: new Registry(),
      unready: async () => undefined,
      poke: () => undefined,
      forge: {
        secret: SECRET,
        kind: () => "github",
        isNew: async (keys) => keys.filter((key) => !seen.has(key) && seen.add(key)).length === keys.length,
        pulled: async () => {
          looks += 1;
        },
        now: () => NOW,
      },
    });
    const call = async (id: string, signature = `sha256=${hex(comment)}`) => {
      const headers = { "x-hub-signature-256": signature, "x-github-delivery": id };
      return (await app.request("/hooks/forge", { method: "POST", body: comment, headers })).status;
    };

    expect(await call("1", "sha256=00")).toBe(401);
    expect(looks).toBe(0);
    expect([await call("1"), await call("1"), await call("2")]).toEqual([202, 409, 409]);
    expect(looks).toBe(1);
  });
});
