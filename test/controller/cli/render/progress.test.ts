import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { liveProgress } from "../../../../controller/cli/render/progress.ts";
import type { ObjectEvent } from "../../../../controller/reconcile/progress.ts";
import { fakeIo } from "../fake-io.ts";

const event = (name: string, state: ObjectEvent["state"], rest: Partial<ObjectEvent> = {}): ObjectEvent => ({
  kind: "object",
  name,
  op: "create",
  state,
  ...rest,
});

const key = (account: string) => ({ object: { kind: "SshKey", name: "ops", account } }) as const;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("progress that is piped", () => {
  it("is one plain line an event, with the time each server took", () => {
    const io = fakeIo();
    const view = liveProgress(io);

    view.take({ kind: "phase", text: "linode-main.0: servers, 1 object" });
    view.take(event("web-1", "started"));
    vi.advanceTimersByTime(1_500);
    view.take(event("web-1", "done"));

    expect(io.stderr).toEqual([
      "linode-main.0: servers, 1 object",
      "  web-1: create started",
      "  ✓ web-1  created  1.5 s",
    ]);
    expect(io.drawn).toEqual([]);
  });

  it("tells the beginning of a server once, however many steps it has", () => {
    const io = fakeIo();
    const view = liveProgress(io);

    for (let step = 0; step < 3; step += 1) view.take(event("web-1", "started"));

    expect(io.stderr).toHaveLength(1);
  });

  it("tells keys of one name on two accounts apart", () => {
    const io = fakeIo();
    const view = liveProgress(io);

    view.take(event("ops", "started", key("do-main")));
    vi.advanceTimersByTime(1_000);
    view.take(event("ops", "started", key("linode-main")));
    vi.advanceTimersByTime(1_000);
    view.take(event("ops", "done", key("do-main")));
    view.take(event("ops", "done", key("linode-main")));

    expect(io.stderr.slice(2).map((line) => line.replace(/ +/g, " "))).toEqual([
      " ✓ key ops of do-main created 2.0 s",
      " ✓ key ops of linode-main created 1.0 s",
    ]);
  });

  it("tells a failure in the cloud's own words, line for line", () => {
    const io = fakeIo();

    liveProgress(io).take(event("web-1", "failed", { message: "no capacity in us-east\ntry another region" }));

    expect(io.stderr).toEqual(["  ✗ web-1  create failed\n      no capacity in us-east\n      try another region"]);
  });

  it("says nothing of waiting", async () => {
    const io = fakeIo();

    await liveProgress(io).during("listing the clouds", Promise.resolve());

    expect([...io.stderr, ...io.drawn]).toEqual([]);
  });
});

describe("progress on a terminal", () => {
  it("draws a line for each server at work and takes it away when it is done", () => {
    const io = fakeIo({ live: true });
    const view = liveProgress(io);

    view.take(event("web-1", "started"));
    vi.advanceTimersByTime(2_000);

    expect(io.drawn.at(-1)).toMatch(/^ {2}\S web-1 {2}creating {2}2\.0 s\n$/);

    view.take(event("web-1", "done"));

    expect(io.drawn.at(-1)).toBe("\u001b[1A\u001b[J");
    expect(io.stderr).toEqual(["  ✓ web-1  created  2.0 s"]);
  });

  it("keeps every drawn line within the width, or it could not be erased", () => {
    const io = fakeIo({ live: true, width: 40 });
    const view = liveProgress(io);

    view.take(event("a-server-with-a-name-of-some-sixty-characters-which-is-allowed", "started"));
    vi.advanceTimersByTime(125_000);

    expect(io.drawn.at(-1)!.trimEnd().length).toBeLessThan(40);
  });

  it("draws at most some lines and counts the others", () => {
    const io = fakeIo({ live: true });
    const view = liveProgress(io);

    for (let index = 0; index < 20; index += 1) view.take(event(`web-${index}`, "started"));

    expect(io.drawn.at(-1)!.trimEnd().split("\n")).toHaveLength(17);
    expect(io.drawn.at(-1)).toContain("and 4 more");
  });

  it("says what is waited for and for how long, and takes that away, also when it fails", async () => {
    const io = fakeIo({ live: true });
    const view = liveProgress(io);
    const work = new Promise((_, fail) => setTimeout(() => fail(new Error("away")), 3_000));

    const waiting = expect(view.during("listing the clouds", work)).rejects.toThrow("away");
    await vi.advanceTimersByTimeAsync(2_950);

    expect(io.drawn.at(-1)).toMatch(/listing the clouds {2}2\.\d s\n$/);

    await vi.advanceTimersByTimeAsync(100);
    await waiting;

    expect(io.drawn.at(-1)).toBe("\u001b[1A\u001b[J");
  });

  it("stops drawing when it is closed", () => {
    const io = fakeIo({ live: true });
    const view = liveProgress(io);
    view.take(event("web-1", "started"));

    view.close();
    const before = io.drawn.length;
    vi.advanceTimersByTime(5_000);

    expect(io.drawn).toHaveLength(before);
  });
});
