import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpJournal, lookFirstJournal } from "../../../resources/plugin/journal-client.ts";
import { type JournalServer, serveJournal } from "../../../resources/plugin/journal-server.ts";
import { MemoryJournal } from "../proxmox-plugin.ts";

const create = { account: "lab", kind: "Server", key: "fw-aaaaaaaaaaaaaaaaaaaa" };

describe("a journal over loopback", () => {
  let kept: MemoryJournal;
  let server: JournalServer;

  beforeEach(async () => {
    kept = new MemoryJournal();
    server = await serveJournal(kept);
  });

  afterEach(() => server.close());

  it("keeps intents, answers and refusals", async () => {
    const journal = httpJournal(server);

    expect(await journal.begin(create)).toBeUndefined();
    await journal.answered("lab", create.key, "pve1/100");
    expect(await journal.begin(create)).toMatchObject({ ...create, id: "pve1/100" });
    await journal.refused("lab", create.key);
    expect(kept.entries.size).toBe(0);
  });

  it("is closed to whoever has not its token", async () => {
    await expect(httpJournal({ url: server.url, token: "guess" }).begin(create)).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
    expect(kept.entries.size).toBe(0);
  });

  it("says what is wrong with a request", async () => {
    const answer = await fetch(new URL("/begin", server.url), {
      method: "POST",
      headers: { authorization: `Bearer ${server.token}` },
      body: JSON.stringify({ account: "lab", kind: "Server" }),
    });

    expect([answer.status, await answer.json()]).toEqual([400, { error: "key must be a string that is not empty" }]);
  });

  it("asks again when an answer is lost, which only makes the create look first", async () => {
    let lost = 1;
    const lossy: typeof fetch = async (...request) => {
      const answer = await fetch(...request);
      if (lost-- > 0) throw new TypeError("fetch failed");
      return answer;
    };

    expect(await httpJournal({ ...server, fetch: lossy }).begin(create)).toMatchObject(create);
  });

  it("fails a create when the journal cannot be written", async () => {
    await server.close();

    await expect(httpJournal(server).begin(create)).rejects.toMatchObject({ code: "STORE_FAILED" });
  });
});

it("sends neither intents nor the token to another machine", () => {
  expect(() => httpJournal({ url: "http://journal.example.com", token: "t" })).toThrow(/loopback/);
});

it("takes every create for a repeated one where nothing is kept", async () => {
  expect(await lookFirstJournal().begin(create)).toMatchObject({ ...create, attemptedAt: "1970-01-01T00:00:00.000Z" });
});
