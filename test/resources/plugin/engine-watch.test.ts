import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { listensAt, type Watched, watchEngine } from "../../../resources/plugin/engine-watch.ts";

describe("watching the engine", () => {
  const watch = (watched: Partial<Watched>) => {
    const gone = vi.fn();
    const stop = watchEngine({ parent: () => 7, reachable: async () => true, ...watched }, gone, 1);
    return { gone, stop };
  };

  it("ends once when another process has become the parent", async () => {
    let parent = 7;
    const { gone } = watch({ parent: () => parent });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(gone).not.toHaveBeenCalled();

    parent = 1;

    await vi.waitFor(() => expect(gone).toHaveBeenCalledTimes(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(gone).toHaveBeenCalledTimes(1);
  });

  it("ends when the engine refuses connections several times in a row, and not for one", async () => {
    const answers = [false, true, false, false, true];
    const { gone } = watch({ reachable: async () => answers.shift() ?? answers.length > 0 });

    await vi.waitFor(() => expect(gone).toHaveBeenCalledTimes(1));
    expect(answers).toEqual([]);
  });

  it("does nothing once it is stopped", async () => {
    const { gone, stop } = watch({ reachable: async () => false });
    stop();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(gone).not.toHaveBeenCalled();
  });

  it("tells a listening address from a refusing one", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await listensAt(address)).toBe(true);

    await new Promise((resolve) => server.close(resolve));

    expect(await listensAt(address)).toBe(false);
    expect(await listensAt(undefined)).toBe(true);
  });
});
