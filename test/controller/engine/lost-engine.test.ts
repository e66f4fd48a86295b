import { createRequire } from "node:module";
import { setImmediate } from "node:timers/promises";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import language from "@pulumi/pulumi/proto/language_pb.js";
import resourceGrpc from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import resource from "@pulumi/pulumi/proto/resource_pb.js";
import { afterEach, beforeEach, expect, it } from "vitest";
import { outliveLostEngines } from "../../../controller/engine/lost-engine.ts";

type Callback = (error: Error | null, answer: unknown) => void;

let monitor: Server;
let port: number;
const unheard: unknown[] = [];
const hear = (error: unknown) => void unheard.push(error);

beforeEach(async () => {
  // As much of an engine's monitor as a program asks of it before its first resource.
  monitor = new Server();
  monitor.addService(resourceGrpc.ResourceMonitorService as never, {
    supportsFeature: (_call: unknown, answer: Callback) => answer(null, new resource.SupportsFeatureResponse()),
    registerResource: (call: { request: { getType(): string; getName(): string } }, answer: Callback) => {
      const made = new resource.RegisterResourceResponse();
      made.setUrn(`urn:pulumi:a.0::acme::${call.request.getType()}::${call.request.getName()}`);
      answer(null, made);
    },
    registerResourceOutputs: (_call: unknown, answer: Callback) => answer(new Error("the engine is gone"), null),
  });
  port = await new Promise((resolve, reject) =>
    monitor.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  unheard.length = 0;
  process.on("unhandledRejection", hear);
});

afterEach(() => {
  process.off("unhandledRejection", hear);
  monitor.forceShutdown();
});

it("an engine that ends before its program has begun leaves no promise that would end the controller", async () => {
  outliveLostEngines();
  const { LanguageServer } = createRequire(import.meta.url)("@pulumi/pulumi/automation/server.js");
  const request = new language.RunRequest();
  request.setProject("acme");
  request.setStack("a.0");
  // Nobody listens there.
  request.setArgsList(["127.0.0.1:1"]);
  request.setMonitorAddress(`127.0.0.1:${port}`);
  let begun = false;
  const server = new LanguageServer(async () => {
    begun = true;
  });

  await new Promise((resolve) => server.run({ request }, resolve));
  // Rejections that nobody took are told after the present turn.
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();

  expect(begun).toBe(false);
  expect(unheard).toEqual([]);
});
