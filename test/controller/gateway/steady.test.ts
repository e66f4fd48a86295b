import { describe, expect, it } from "vitest";
import { json } from "../../../controller/gateway/answer.ts";
import { steadyRead } from "../../../controller/gateway/steady.ts";
import { NoAnswer } from "../../../controller/gateway/upstream.ts";

type Said = number | "cut" | { status: number; retryAfter: string };

function reading(said: Said[]) {
  let now = 0;
  let sent = 0;
  const options = {
    patienceMs: 60_000,
    lookEveryMs: 1_000,
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
    send: async () => {
      const next = said[sent++] ?? 200;
      if (next === "cut") throw new NoAnswer("cut", true);
      const { status, retryAfter = undefined } = typeof next === "number" ? { status: next } : next;
      const answer = json(status, {});
      return retryAfter === undefined
        ? answer
        : { ...answer, headers: { ...answer.headers, "retry-after": retryAfter } };
    },
  };
  return { read: () => steadyRead(options), sent: () => sent, now: () => now };
}

describe("a read that a plugin must not see fail", () => {
  it.each([
    { name: "a rate limit", said: [429] },
    { name: "a fault of the cloud", said: [500, 503] },
    { name: "a cut connection", said: ["cut" as const] },
    { name: "one wrong 404", said: [404] },
  ])("waits out $name", async ({ said }) => {
    const { read, sent } = reading(said);

    expect((await read()).status).toBe(200);
    expect(sent()).toBe(said.length + 1);
  });

  it("waits as long as the cloud asks for", async () => {
    const { read, now } = reading([{ status: 429, retryAfter: "17" }]);

    await read();

    expect(now()).toBe(17_000);
  });

  it("passes on what two looks apart in time call gone", async () => {
    const { read, now } = reading([404, 404]);

    expect((await read()).status).toBe(404);
    expect(now()).toBe(1_000);
  });

  it("passes a refusal on at once", async () => {
    const { read, sent } = reading([403]);

    expect((await read()).status).toBe(403);
    expect(sent()).toBe(1);
  });

  it("gives up in the end, with the cloud's own answer", async () => {
    const { read, now } = reading(Array<Said>(100).fill(503));

    expect((await read()).status).toBe(503);
    expect(now()).toBeGreaterThan(40_000);
    expect(now()).toBeLessThanOrEqual(60_000);
  });
});
