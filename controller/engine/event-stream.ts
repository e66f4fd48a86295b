import { Server, ServerCredentials, type ServerReadableStream, type sendUnaryData } from "@grpc/grpc-js";
import { log } from "@pulumi/pulumi";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation/index.js";
import events from "@pulumi/pulumi/proto/events_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";

/** How the SDK listens to an engine. Not among its published types. */
interface Listener {
  setupEventLog?(
    command: string,
    onEvent: (event: EngineEvent) => void,
    version: string,
  ): Promise<{ logFile: string; logPromise: undefined; server: Server }>;
}

/** A state of some thousand resources may come in one event. */
const LONGEST_EVENT = 400 * 1024 * 1024;

/** Only in an event's own structure: in a text within it the quotes would have backslashes. */
const UNTOUCHED = /"(?:resourcePreEvent|resOutputsEvent)":\{"metadata":\{"op":"same","urn":"([^"\\]+)"/;
/** Bytes of an event in which that stands. */
const HEAD = 1_000;

/**
 * Lets a stack's runs be heard without what is of no target and stays as it is. Whatever a run changes, the engine tells of every resource in state,
 * twice and with all its inputs before and after: that is left out by its first bytes, neither decoded nor parsed.
 */
export function leaveOutUntouched(stack: Stack, targets: readonly string[]): void {
  const listener = stack as unknown as Listener;
  if (typeof listener.setupEventLog !== "function") return;
  const told = new Set(targets.map((urn) => Buffer.from(urn).toString("latin1")));
  listener.setupEventLog = async (_command, onEvent) => {
    const server = new Server({ "grpc.max_receive_message_length": LONGEST_EVENT });
    const service = {
      streamEvents: {
        path: "/pulumirpc.Events/StreamEvents",
        requestStream: true,
        responseStream: false,
        requestSerialize: (bytes: Buffer) => bytes,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (bytes: Buffer) => bytes,
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    };
    server.addService(service, {
      streamEvents(call: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
        call.on("data", (bytes: Buffer) => {
          const urn = UNTOUCHED.exec(bytes.toString("latin1", 0, HEAD))?.[1];
          if (urn !== undefined && !told.has(urn)) return;
          try {
            onEvent(decode(bytes));
          } catch (error) {
            // As the SDK does: one event that cannot be taken must not end the controller.
            void log.warn(`an event of the engine could not be read: ${(error as Error).message}`);
          }
        });
        call.on("end", () => answer(null, Buffer.from(new empty.Empty().serializeBinary())));
        call.on("error", (error) => answer(error));
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    return { logFile: `tcp://127.0.0.1:${port}`, logPromise: undefined, server };
  };
}

function decode(bytes: Buffer): EngineEvent {
  return JSON.parse(events.EventRequest.deserializeBinary(bytes).getEvent()) as EngineEvent;
}
