import { describe, expect, it } from "vitest";
import { Turns } from "../../../resources/plugin/turns.ts";

const never = new AbortController().signal;
const pause = () => new Promise((resolve) => setTimeout(resolve, 2));

describe("turns", () => {
  it("are taken one at a time and in order for a key, side by side for different keys", async () => {
    const turns = new Turns();
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} begins`);
      await pause();
      seen.push(`${name} ends`);
    };

    await Promise.all([
      turns.take("a", never, work("a1")),
      turns.take("a", never, work("a2")),
      turns.take("b", never, work("b1")),
    ]);

    expect(seen.filter((line) => line.startsWith("a"))).toEqual(["a1 begins", "a1 ends", "a2 begins", "a2 ends"]);
    expect(seen.indexOf("b1 begins")).toBeLessThan(seen.indexOf("a1 ends"));
  });

  it("pass on when the one at work fails", async () => {
    const turns = new Turns();
    const failing = turns.take("a", never, async () => {
      throw new Error("broken");
    });

    await expect(failing).rejects.toThrow("broken");
    expect(await turns.take("a", never, async () => "done")).toBe("done");
  });

  it("let nobody in early when one in the middle gives up", async () => {
    const turns = new Turns();
    const impatient = new AbortController();
    let release = () => {};
    const first = turns.take(
      "a",
      never,
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    const second = turns.take("a", impatient.signal, async () => "second");
    let thirdRan = false;
    const third = turns.take("a", never, async () => {
      thirdRan = true;
    });
    await pause();

    impatient.abort();

    await expect(second).rejects.toMatchObject({ code: "DEADLINE" });
    await pause();
    expect(thirdRan).toBe(false);
    release();
    await Promise.all([first, third]);
    expect(thirdRan).toBe(true);
  });
});
