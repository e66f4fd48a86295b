import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isStackOwn,
  partEntries,
  plainUrn,
  references,
  type StateEntry,
  withArrivals,
} from "../../../controller/reconcile/reshard-split.ts";

const PROJECT = "fleet";
const urnIn = (stack: string, type: string, name: string) => `urn:pulumi:${stack}::${PROJECT}::${type}::${name}`;
const rootOf = (stack: string) => urnIn(stack, "pulumi:pulumi:Stack", `${PROJECT}-${stack}`);
const MACHINE = "linode:index/instance:Instance";
const PROVIDER = "pulumi:providers:linode";

interface Server {
  name: string;
  attachments: number;
  /** What only the machine's own entry tells of, like an attachment of a document that is lost. */
  stray: boolean;
  /** A machine of an earlier generation that is still to be deleted. */
  pending: boolean;
  version: string;
}

function provider(stack: string, version: string): StateEntry {
  const url = `http://127.0.0.1:${4000 + Number(stack.slice(-1))}`;
  const own = { id: `${stack} ${version}`, inputs: { url, version }, outputs: { url, version } };
  return { urn: urnIn(stack, PROVIDER, version), type: PROVIDER, ...own };
}

/** The state of a stack with these servers, as runs leave it: in the order in which things were made. */
function stateOf(stack: string, servers: readonly Server[]): StateEntry[] {
  if (servers.length === 0) return [];
  const versions = [...new Set(servers.map(({ version }) => version))];
  const machine = (name: string) => urnIn(stack, MACHINE, name);
  const common = ({ version }: Server) => ({
    parent: rootOf(stack),
    provider: `${urnIn(stack, PROVIDER, version)}::${stack} ${version}`,
  });
  return [
    { urn: rootOf(stack), type: "pulumi:pulumi:Stack" },
    ...versions.map((version) => provider(stack, version)),
    ...servers.flatMap((server): StateEntry[] => {
      const { name, pending } = server;
      // What a cloud was told stays as it is, even when it reads like a URN of this stack.
      const inputs = { label: name, note: rootOf(stack) };
      const entry = { urn: machine(name), type: MACHINE, ...common(server), inputs };
      return [{ ...entry, id: `id of ${name}` }, ...(pending ? [{ ...entry, id: `old ${name}`, delete: true }] : [])];
    }),
    ...servers.flatMap((server) => {
      const names = Array.from({ length: server.attachments }, (_, index) => `${server.name}.fw${index}`);
      return [...names, ...(server.stray ? [`stray ${server.name}`] : [])].map((name): StateEntry => {
        const dependencies = [machine(server.name)];
        const linked = {
          dependencies,
          propertyDependencies: { linodeId: dependencies },
          deletedWith: dependencies[0]!,
        };
        return {
          urn: urnIn(stack, "linode:index:Device", name),
          type: "linode:index:Device",
          ...common(server),
          ...linked,
        };
      });
    }),
  ];
}

const serversIn = fc
  .uniqueArray(
    fc.record({
      name: fc.stringMatching(/^[a-z]{1,6}$/),
      attachments: fc.nat(2),
      stray: fc.boolean(),
      pending: fc.boolean(),
      version: fc.constantFrom("default_5_1_1", "default_5_2_0"),
    }),
    { selector: ({ name }) => name, maxLength: 12 },
  )
  .chain((servers) =>
    fc.tuple(
      fc.constant(servers),
      fc.array(fc.record({ from: fc.nat(2), to: fc.nat(4) }), { minLength: servers.length, maxLength: servers.length }),
    ),
  );

const serverOf = ({ urn }: StateEntry): string =>
  plainUrn(urn)
    .split("::")[1]!
    .replace(/^stray /, "")
    .split(".")[0]!;
const isAt = (stack: string, { urn }: StateEntry) => urn.startsWith(`urn:pulumi:${stack}::`);
const unlike = (entry: StateEntry) => JSON.stringify([plainUrn(entry.urn), entry.id, entry.inputs, entry.delete]);

/** Moves everything as a reshard does: what comes first, then what leaves. With `twice`, as after a kill between the two. */
function moved(states: Map<string, StateEntry[]>, placeOf: ReadonlyMap<string, string>, twice: boolean): void {
  const goes = (stack: string) => (entry: StateEntry) => {
    // What no document tells of is not known by its name.
    const to = entry.urn.includes("stray") ? undefined : placeOf.get(serverOf(entry));
    return entry.type.startsWith("pulumi:") || to === stack ? undefined : to;
  };
  const before = new Map(states);
  for (let round = 0; round < (twice ? 2 : 1); round++)
    for (const [from, entries] of before)
      for (const [to, arriving] of partEntries(entries, goes(from))) {
        const way = { project: PROJECT, from, to };
        states.set(to, withArrivals(states.get(to) ?? [], entries, arriving, way, "http://127.0.0.1:9999"));
      }
  for (const [stack, entries] of states) {
    const gone = new Set([...partEntries(entries, goes(stack)).values()].flat().map(({ urn }) => urn));
    states.set(
      stack,
      entries.filter(({ urn }) => !gone.has(urn)),
    );
  }
}

describe("states that are split", () => {
  it("lose nothing and double nothing, and every reference is of the stack that it stands in, before what it names", () => {
    fc.assert(
      fc.property(serversIn, fc.boolean(), ([servers, places], twice) => {
        const states = new Map(
          [0, 1, 2].map((cell) => {
            const stack = `acc.${cell}`;
            return [
              stack,
              stateOf(
                stack,
                servers.filter((_, index) => places[index]!.from === cell),
              ),
            ];
          }),
        );
        const placeOf = new Map(servers.map(({ name }, index) => [name, `acc.${places[index]!.to}`]));
        const before = [...states.values()].flat().filter((entry) => !isStackOwn(entry));

        moved(states, placeOf, twice);

        const after = [...states.values()].flat().filter((entry) => !isStackOwn(entry));
        expect(after.map(unlike).sort()).toEqual(before.map(unlike).sort());
        for (const [stack, entries] of states) {
          const ids = new Set(entries.map(({ id }) => id));
          const seen = new Set<string>();
          const wrong = entries.filter((entry) => {
            const isRight =
              isAt(stack, entry) &&
              references(entry).every((urn) => seen.has(urn)) &&
              (entry.provider === undefined || ids.has(entry.provider.split("::").at(-1)!)) &&
              (isStackOwn(entry) ? !seen.has(entry.urn) : placeOf.get(serverOf(entry)) === stack);
            seen.add(entry.urn);
            return !isRight;
          });
          expect(wrong).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("give a stack that had no provider a copy of it at another address, and one that had keeps its own", () => {
    const server = { name: "web", attachments: 0, stray: false, pending: false, version: "v5" };
    const source = stateOf("acc.0", [server]);
    const arriving = source.filter((entry) => !isStackOwn(entry));
    const way = { project: PROJECT, from: "acc.0", to: "acc.1" };

    const fresh = withArrivals([], source, arriving, way, "http://127.0.0.1:9999");
    const there = stateOf("acc.1", [{ ...server, name: "other" }]);
    const joined = withArrivals(there, source, arriving, way, "http://127.0.0.1:9999");

    const urls = (entries: StateEntry[]) =>
      entries.filter(({ type }) => type === PROVIDER).map(({ inputs }) => inputs?.url);
    expect(urls(fresh)).toEqual(["http://127.0.0.1:9999"]);
    expect(urls(joined)).toEqual(["http://127.0.0.1:4001"]);
    expect(joined.at(-1)!.provider).toBe(`${urnIn("acc.1", PROVIDER, "v5")}::acc.1 v5`);
  });

  it("refuse to forget another machine of the same name, and to move what names something that is not there", () => {
    const server = { name: "web", attachments: 1, stray: false, pending: false, version: "v5" };
    const source = stateOf("acc.0", [server]);
    const arriving = source.filter((entry) => !isStackOwn(entry));
    const way = { project: PROJECT, from: "acc.0", to: "acc.1" };
    const other = stateOf("acc.1", [server]).map((entry) =>
      entry.type === MACHINE ? { ...entry, id: "another" } : entry,
    );
    const split =
      (target: StateEntry[], entries: StateEntry[], all = source) =>
      () =>
        withArrivals(target, all, entries, way, "http://127.0.0.1:9999");

    expect(split(other, arriving)).toThrow(/acc.0 has .*::web as id of web, and acc.1 as another/);
    expect(split([], arriving, arriving)).toThrow(/names pulumi:pulumi:Stack/);
    expect(split([], arriving.slice(1))).toThrow(/::web and does not have it/);
  });
});
