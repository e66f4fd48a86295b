import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ActualServer } from "../../resources/actual.ts";
import type { Account, Call, Cloud } from "../../resources/cloud.ts";
import { ownerMark } from "../../resources/mark.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import { actingTests } from "./acting.ts";
import { comparingTests } from "./comparing.ts";
import type { FaultKind } from "./faults.ts";
import { readingTests } from "./reading.ts";

/** What a test may do to the cloud behind our back. `id`s are those of `ActualServer`. */
export interface Control {
  /** A machine that nobody of the fleet made, ready at once. */
  add(partial?: Partial<Pick<ActualServer, "name" | "tags" | "size" | "region" | "power">>): Promise<string>;
  remove(id: string): Promise<void>;
  change(id: string, patch: Partial<Pick<ActualServer, "name" | "tags" | "size" | "power">>): Promise<void>;
  /** The machine that `server` describes, as the engine would have made it. Default: `add` of what `expect` says. */
  make?(server: ServerSpec, mark: string): Promise<string>;
  /** The next `times` requests of this kind fail so. */
  fault(kind: FaultKind, on: "list" | "observe", times: number): Promise<void>;
  clear(): Promise<void>;
}

export interface ContractPeer {
  cloud: Cloud;
  account: Account;
  control: Control;
  /** A server that this cloud can have: size, region, image, options. */
  server: ServerSpec;
  close(): Promise<void>;
}

/** What the tests of every cloud have at hand. */
export interface Context {
  name: string;
  readonly peer: ContractPeer;
  test(title: string, run: () => Promise<void>, timeoutMs?: number): void;
  call(timeoutMs?: number): Call;
  listed(within?: number): Promise<ActualServer[]>;
  /** @throws when it is gone. */
  observed(id: string): Promise<ActualServer>;
  /** An owner mark; another for each number. */
  mark(generation: number): string;
  /** A machine as `server` wants it. */
  make(server: ServerSpec, mark: string): Promise<string>;
}

/** Tests by the beginning of their name, and why this cloud cannot have them. */
export type Skips = Record<string, string>;

/** What every cloud keeps, whatever it is. A skipped test states its reason. */
export function describeCloud(name: string, setup: () => Promise<ContractPeer>, skips: Skips = {}): void {
  describe(`${name} keeps the contract of a cloud`, () => {
    let peer: ContractPeer;
    beforeAll(async () => {
      peer = await setup();
    });
    afterEach(() => peer.control.clear());
    afterAll(() => peer?.close());

    const used = new Set<string>();
    const test = (title: string, run: () => Promise<void>, timeoutMs = 20_000) => {
      const skip = Object.keys(skips).find((start) => title.startsWith(start));
      if (skip) used.add(skip);
      if (skip) it.skip(`${title} (${skips[skip]})`, () => {});
      else it(title, run, timeoutMs);
    };
    const call = (timeoutMs = 15_000): Call => ({
      signal: AbortSignal.timeout(timeoutMs),
      account: peer.account,
      priority: "person",
    });
    const listed = async (within?: number) => {
      const servers: ActualServer[] = [];
      for await (const server of peer.cloud.list(call(within))) servers.push(server);
      return servers;
    };
    const observed = async (id: string) => {
      const server = await peer.cloud.observe(id, call());
      if (!server) throw new Error(`${id} is gone`);
      return server;
    };
    const mark = (generation: number) => ownerMark("contract", "Server", name, generation);
    const make = async (server: ServerSpec, owner: string) => {
      if (peer.control.make) return peer.control.make(server, owner);
      const { name: label, tags, size, region, power } = peer.cloud.expect(server, owner);
      return peer.control.add({
        power,
        ...(label ? { name: label } : {}),
        ...(tags ? { tags } : {}),
        ...(size ? { size } : {}),
        ...(region ? { region } : {}),
      });
    };

    const context: Context = {
      name,
      get peer() {
        return peer;
      },
      test,
      call,
      listed,
      observed,
      mark,
      make,
    };
    readingTests(context);
    actingTests(context);
    comparingTests(context);

    it("has a test for each skip", () => {
      expect([...used].sort()).toEqual(Object.keys(skips).sort());
    });
  });
}
