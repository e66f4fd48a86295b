import grpc, { type Server } from "@grpc/grpc-js";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation/index.js";
import eventsGrpc from "@pulumi/pulumi/proto/events_grpc_pb.js";
import events from "@pulumi/pulumi/proto/events_pb.js";
import { describe, expect, it } from "vitest";
import { leaveOutUntouched } from "../../../controller/engine/event-stream.ts";

const TARGET = "urn:pulumi:a.0::acme::x:Server::wéb-1";
const OTHER = "urn:pulumi:a.0::acme::x:Server::web-2";

const step = (kind: "resourcePreEvent" | "resOutputsEvent", op: string, urn: string) => ({
  sequence: 1,
  timestamp: 1,
  [kind]: { metadata: { op, urn, type: "x:Server", new: { inputs: { note: "a".repeat(2_000) } } } },
});
const message = (text: string) => ({ sequence: 2, timestamp: 1, diagnosticEvent: { message: text, severity: "info" } });

/** What is heard of what an engine sends, through the client that the SDK generates from the protocol. */
async function hear(targets: string[], sent: readonly (object | string)[]): Promise<unknown[]> {
  const heard: unknown[] = [];
  const stack = { setupEventLog: () => Promise.reject(new Error("the SDK's own")) } as unknown as Stack;
  leaveOutUntouched(stack, targets);
  const { setupEventLog } = stack as unknown as {
    setupEventLog(command: string, onEvent: (event: EngineEvent) => void): Promise<{ logFile: string; server: Server }>;
  };
  const { logFile, server } = await setupEventLog("up", (event) => heard.push(event));
  const client = new eventsGrpc.EventsClient(logFile.replace("tcp://", ""), grpc.credentials.createInsecure());
  try {
    await new Promise<void>((resolve, reject) => {
      const stream = client.streamEvents((error) => (error === null ? resolve() : reject(error)));
      for (const event of sent) {
        const request = new events.EventRequest();
        request.setEvent(typeof event === "string" ? event : JSON.stringify(event));
        stream.write(request);
      }
      stream.end();
    });
  } finally {
    client.close();
    server.forceShutdown();
  }
  return heard;
}

describe("the events of a run on targets", () => {
  it("are told without what stays as it is and is no target", async () => {
    const told = [
      step("resourcePreEvent", "update", OTHER),
      step("resourcePreEvent", "same", TARGET),
      step("resOutputsEvent", "same", TARGET),
      step("resOutputsEvent", "delete", OTHER),
    ];
    const untold = [step("resourcePreEvent", "same", OTHER), step("resOutputsEvent", "same", OTHER)];

    expect(await hear([TARGET], [...untold, ...told, ...untold])).toEqual(told);
  });

  it("keep a message that speaks of an event which would be left out", async () => {
    const quoting = message(JSON.stringify(step("resourcePreEvent", "same", OTHER)));

    expect(await hear([TARGET], [quoting])).toEqual([quoting]);
  });

  it("go on after one that cannot be read", async () => {
    expect(await hear([TARGET], ["{no event", message("after it")])).toEqual([message("after it")]);
  });
});
