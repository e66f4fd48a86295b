import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  describe as describedBy,
  labelsOf,
  markInDescription,
  retagged,
  splitTags,
  tagsOf,
  withMark,
} from "../../../resources/proxmox/marks.ts";
import { serverSpec } from "../fixtures.ts";

const MARK = `fw-${"a2".repeat(10)}`;
const OTHER = `fw-${"b3".repeat(10)}`;
const PVE_TAG = /^[a-z0-9_][a-z0-9_\-+.]*$/;

describe("tags on Proxmox VE", () => {
  it("writes plain labels readably, with the mark among them, in order", () => {
    const server = serverSpec({ labels: { role: "web", tier: "front.end" } });

    expect(tagsOf(server, MARK)).toEqual([MARK, "role+web", "tier+front.end"]);
  });

  it("keeps any label that a fleet file may have, in tags that Proxmox VE takes", () => {
    const key = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,20}[A-Za-z0-9])?$/);
    const value = fc.stringMatching(/^[A-Za-z0-9_.:/@ +-]{0,30}$/);

    fc.assert(
      fc.property(fc.dictionary(key, value), (labels) => {
        const tags = tagsOf(serverSpec({ labels }), MARK);
        expect(tags.every((tag) => PVE_TAG.test(tag))).toBe(true);
        // The cluster sorts them, joins them, and may compare them without case.
        expect(labelsOf(splitTags([...tags].reverse().join(";")))).toEqual({ ...labels });
      }),
    );
  });

  it("takes a foreign tag for a label without a value", () => {
    expect(labelsOf([MARK, "role+web", "production"])).toEqual({ role: "web", production: null });
    expect(labelsOf([MARK, "role+web", "role+db"])).toBeUndefined();
    expect(labelsOf([MARK])).toEqual({});
  });

  it("puts one mark in the place of another, once", () => {
    expect(retagged(["role+web", OTHER], MARK)).toEqual([MARK, "role+web"].sort());
    expect(retagged([MARK], MARK)).toEqual([MARK]);
  });
});

describe("the mark in a description", () => {
  it("is read from its own line only", () => {
    expect(markInDescription(describedBy(MARK))).toBe(MARK);
    expect(markInDescription(`Debian\n\nfleetwright: ${MARK}\n`)).toBe(MARK);
    expect(markInDescription(`see ${MARK}`)).toBeUndefined();
    expect(markInDescription("fleetwright: nothing")).toBeUndefined();
    expect(markInDescription(undefined)).toBeUndefined();
  });

  it.each([
    { name: "added below a text", before: "by hand", after: `by hand\n\nfleetwright: ${MARK}` },
    {
      name: "put in an earlier one's place",
      before: `a\nfleetwright: ${OTHER}\nb`,
      after: `a\nfleetwright: ${MARK}\nb`,
    },
    { name: "all there is", before: undefined, after: `fleetwright: ${MARK}` },
  ])("is $name", ({ before, after }) => {
    expect(withMark(before, MARK)).toBe(after);
  });
});
