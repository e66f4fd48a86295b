import * as pulumi from "@pulumi/pulumi";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ProviderHost, serve } from "../../../resources/plugin/host.ts";
import { AnyResource, engineMissing, processes, stateOf, storedText, type TestStack, testStack } from "./engine.ts";
import { ToyWorld } from "./toy.ts";

const THING = "toy:index:Thing";

describe.skipIf(engineMissing)(
  `a provider host under the real engine${engineMissing ? `: ${engineMissing}` : ""}`,
  () => {
    let world: ToyWorld;
    let host: ProviderHost;
    let test: TestStack;
    let log: string[];

    beforeEach(async () => {
      world = new ToyWorld();
      log = [];
      host = await serve(world.package, { log: (_level, message) => log.push(message) });
      test = await testStack({ toy: host.port });
    });

    afterEach(async () => {
      await test.dispose();
      await host.close();
    });

    function declare(
      inputs: Record<string, unknown>,
      opts?: pulumi.CustomResourceOptions,
      outputs: string[] = [],
    ): void {
      test.program = async () => new AnyResource(THING, "one", inputs, opts, outputs).outputs;
    }

    async function failureOf(run: Promise<unknown>): Promise<string> {
      return run.then(
        () => {
          throw new Error("the engine reported no failure");
        },
        (error: Error) => error.message,
      );
    }

    it("shows the property path of each check failure", async () => {
      declare({ name: "a", parts: [{ name: "x" }, { name: "" }] });

      const failure = await failureOf(test.stack.preview());

      expect(failure).toContain("parts[1].name");
      expect(failure).toContain("must not be empty");
    });

    it("refuses an asset by its path", async () => {
      declare({ name: "a", parts: [{ name: new pulumi.asset.StringAsset("x") }] });

      expect(await failureOf(test.stack.preview())).toMatch(/parts\[0\]\.name.*takes no asset/s);
    });

    it("creates, updates in place, replaces with its reason and deletes", async () => {
      declare({ name: "a", size: 2 }, undefined, ["serial"]);
      const made = await test.stack.up();
      expect(made.outputs.serial?.value).toBe("serial-1");
      expect((await test.stack.preview()).changeSummary).toEqual({ same: 2 });

      declare({ name: "a", size: 3 });
      await test.stack.up();
      expect(world.things.get("1")).toMatchObject({ size: 3 });

      declare({ name: "b", size: 3 });
      const events: EngineEvent[] = [];
      await test.stack.preview({ onEvent: (event) => events.push(event) });
      const replace = events.map((event) => event.resourcePreEvent?.metadata).find((step) => step?.op === "replace");
      expect(replace?.keys).toEqual(["name"]);
      expect(replace?.detailedDiff).toEqual({ name: { diffKind: "update-replace", inputDiff: true } });
      await test.stack.up();
      expect([...world.things.keys()]).toEqual(["2"]);

      await test.stack.destroy();
      expect(world.things.size).toBe(0);
    });

    it("previews outputs that are known only later as unknown", async () => {
      test.program = async () => {
        const one = new AnyResource(THING, "one", { name: "a" }, undefined, ["serial", "name"]);
        const seen: string[] = [];
        one.outputs.name?.apply((name) => seen.push(String(name)));
        one.outputs.serial?.apply((serial) => seen.push(String(serial)));
        new AnyResource(THING, "two", { name: one.outputs.serial }, { dependsOn: one });
        previews.push(seen);
        return {};
      };
      const previews: string[][] = [];

      const preview = await test.stack.preview();

      expect(preview.changeSummary).toEqual({ create: 3 });
      expect(previews).toEqual([["a"]]);
      expect(world.things.size).toBe(0);
    });

    it("keeps secret what came as a secret and what the handler calls so", async () => {
      declare({
        name: "a",
        password: pulumi.secret("hunter2"),
        parts: [{ name: pulumi.secret("canary") }],
        extra: { deep: pulumi.secret("nested") },
      });
      await test.stack.up();
      declare({ name: "a", size: 5, password: pulumi.secret("hunter3"), extra: { deep: pulumi.secret("nested") } });
      await test.stack.up();
      await test.stack.refresh();

      const stored = await storedText(test.folder);

      for (const text of ["hunter2", "hunter3", "canary", "nested", "token-1"]) expect(stored).not.toContain(text);
      expect(stored).toContain("serial-1");
      expect(world.things.get("1")).toMatchObject({ password: "hunter3", extra: { deep: "nested" } });
    });

    it("keeps the id of what was made but did not become ready, and updates it in the next run", async () => {
      declare({ name: "a", fail: "partial", password: pulumi.secret("hunter2") });

      expect(await failureOf(test.stack.up())).toContain("never became ready");

      const [kept] = await stateOf(test.stack, THING);
      expect(kept).toMatchObject({ id: "1", initErrors: ["never became ready"] });
      expect(await storedText(test.folder)).not.toContain("hunter2");
      declare({ name: "a" });
      await test.stack.up();
      expect([...world.things.keys()]).toEqual(["1"]);
      expect((await stateOf(test.stack, THING))[0]?.initErrors).toBeUndefined();
    });

    it("keeps a half done update and repeats it although the inputs are the same", async () => {
      declare({ name: "a" });
      await test.stack.up();
      declare({ name: "a", fail: "partial" });
      expect(await failureOf(test.stack.up())).toContain("half of it is done");

      expect((await test.stack.preview()).changeSummary).toEqual({ update: 1, same: 1 });
    });

    it("shows a fleet error with its code, and a bug without its stack", async () => {
      declare({ name: "a", fail: "refused" });
      expect(await failureOf(test.stack.up())).toContain("CLOUD_OUT_OF_STOCK: no thing left");
      expect(log).toEqual([]);

      declare({ name: "a", fail: "bug" });
      const failure = await failureOf(test.stack.up());
      expect(failure).toContain("internal error: undefined is not a thing");
      expect(failure).not.toContain("toy.ts");
      expect(log.join("\n")).toMatch(/Create: TypeError: undefined is not a thing\n\s+at .*toy\.ts/);
    });

    it("sees drift and loss by refresh, and takes in what exists by import", async () => {
      declare({ name: "a", size: 2 });
      await test.stack.up();
      world.things.set("1", { name: "a", size: 9 });
      await test.stack.refresh();
      expect((await stateOf(test.stack, THING))[0]?.inputs).toMatchObject({ size: 9 });
      expect((await test.stack.preview()).changeSummary).toEqual({ update: 1, same: 1 });

      world.things.delete("1");
      await test.stack.refresh();
      expect(await stateOf(test.stack, THING)).toEqual([]);

      world.things.set("7", { name: "a", size: 2 });
      declare({ name: "a", size: 2 }, { import: "7" });
      const imported = await test.stack.up();
      expect(imported.summary.resourceChanges).toMatchObject({ import: 1 });
      expect([...world.things.keys()]).toEqual(["7"]);
    });

    it("leaves ignored paths as they were", async () => {
      declare({ name: "a", parts: [{ name: "x" }, { name: "y" }] });
      await test.stack.up();

      declare({ name: "b", parts: [{ name: "z" }, { name: "y" }] }, { ignoreChanges: ["name", "parts[*].name"] });

      expect((await test.stack.preview()).changeSummary).toEqual({ same: 2 });
    });

    it("aborts a handler at the resource's time-out", async () => {
      declare({ name: "a", fail: "wait" }, { customTimeouts: { create: "1s" } });

      expect(await failureOf(test.stack.up())).toContain("DEADLINE: not done within 1 s");
      expect(world.aborted).toHaveLength(1);
    });

    it("aborts all work under way and to come when the run is cancelled", async () => {
      declare({ name: "a", fail: "wait" });
      const run = failureOf(test.stack.up());
      await expect.poll(() => host.calls.get("Create"), { timeout: 20_000 }).toBe(1);

      host.cancel();

      expect(await run).toContain("DEADLINE: the run was cancelled");
      expect(world.aborted).toHaveLength(1);
    });

    it("aborts the work of an engine that was killed", async () => {
      declare({ name: "a", fail: "wait" });
      const run = test.stack.up().catch(() => {});
      await expect.poll(() => host.calls.get("Create"), { timeout: 20_000 }).toBe(1);

      const engines = (await processes()).filter(({ cwd, exe }) => cwd === test.folder && exe.endsWith("/pulumi"));
      for (const { pid } of engines) process.kill(pid, "SIGKILL");

      await expect.poll(() => world.aborted, { timeout: 10_000 }).toHaveLength(1);
      await run;
    });

    it("shows beside a resource what its handler is at", async () => {
      declare({ name: "a" });
      const lines: string[] = [];

      await test.stack.up({
        onEvent: ({ diagnosticEvent: line }) => line && lines.push(`${line.urn} ${line.message}`),
      });

      expect(lines.join("\n")).toMatch(/toy:index:Thing::one .*makes a thing/);
    });

    it("hands configuration over without its namespace", async () => {
      await test.stack.setConfig("toy:url", { value: "http://localhost" });
      declare({ name: "a" });
      await test.stack.preview();

      expect(world.configured).toMatchObject({ url: "http://localhost" });
    });
  },
  120_000,
);
