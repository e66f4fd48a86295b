import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMark, markIn, markWithin, ownerMark } from "../../resources/mark.ts";
import { redactor } from "../../resources/secrets.ts";
import { createTagCodec } from "../../resources/tags.ts";

describe("owner mark", () => {
  it("is the same for the same object, and another for every other fleet, kind, name or generation", () => {
    const marks = [
      ownerMark("fleet", "Server", "web-1", 0),
      ownerMark("other", "Server", "web-1", 0),
      ownerMark("fleet", "Firewall", "web-1", 0),
      ownerMark("fleet", "Server", "web-2", 0),
      ownerMark("fleet", "Server", "web-1", 1),
    ];

    expect(new Set(marks).size).toBe(5);
    expect(ownerMark("fleet", "Server", "web-1", 0)).toBe(marks[0]);
    // Written down: marks stand on machines, so they never change between releases.
    expect(marks[0]).toBe("fw-m3tmoaj7xyb2qr6aepfm");
  });

  it("cannot be confused by names that hold separators", () => {
    expect(ownerMark("a", "b", "c d", 0)).not.toBe(ownerMark("a", "b c", "d", 0));
    expect(ownerMark("a", 'b","c', "d", 0)).not.toBe(ownerMark("a", "b", 'c","d', 0));
  });

  it("is recognized alone, among tags and inside a name, and nothing else is", () => {
    const mark = ownerMark("fleet", "Server", "web-1", 0);

    expect(isMark(mark)).toBe(true);
    expect(markIn(["role:web", mark])).toBe(mark);
    expect(markWithin(`ops ${mark}`)).toBe(mark);
    expect(markWithin(`web-${mark}`)).toBe(mark);
    for (const other of ["fw-", mark.toUpperCase(), `${mark}a`, mark.slice(0, -1), `x${mark}`]) {
      expect(isMark(other), other).toBe(false);
      expect(markWithin(other), other).toBeUndefined();
    }
    expect(markIn(["role:web"])).toBeUndefined();
  });
});

describe("labels as tags", () => {
  const clouds = { linode: createTagCodec(/[a-z0-9._:/@-]/), digitalocean: createTagCodec(/[a-z0-9:_-]/) };
  const value = fc.option(fc.string({ unit: "binary" }), { nil: null });
  const labels = fc.dictionary(fc.string({ minLength: 1, unit: "binary" }), value);
  const tricky = fc.dictionary(
    fc.string({ minLength: 1, unit: fc.constantFrom("_", "2", "e", "a", ".", "A", ":") }),
    fc.string({ unit: fc.constantFrom("_", "2", "e", ".", "A", ":", " ") }),
  );

  it.each(Object.entries(clouds))("come back from %s as they were", (_name, codec) => {
    fc.assert(
      fc.property(fc.oneof(labels, tricky), (given) => {
        expect(codec.labelsOf(codec.tagsOf(given))).toEqual({ ...given });
      }),
    );
  });

  it("are plain tags where they have no value", () => {
    expect(clouds.linode.tagsOf({ "by-hand": null, role: "web", "a:b": null })).toEqual([
      "a_3a_b",
      "by-hand",
      "role:web",
    ]);
    expect(clouds.linode.labelsOf(["by-hand", "role:web", "role2:"])).toEqual({
      "by-hand": null,
      role: "web",
      role2: "",
    });
    expect(clouds.linode.labelsOf(["by-hand", "by-hand:"])).toBeUndefined();
  });

  it("never differ in case only, because clouds compare without it", () => {
    const codec = clouds.linode;
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        fc.pre(one !== other);
        expect(codec.tagOf("key", one).toLowerCase()).not.toBe(codec.tagOf("key", other).toLowerCase());
      }),
    );
    expect(codec.tagOf("team", "Web")).not.toBe(codec.tagOf("team", "web").toUpperCase());
  });

  it("stay as they are where they are ordinary", () => {
    expect(clouds.linode.tagsOf({ tier: "front_end", role: "web-1.2" })).toEqual(["role:web-1.2", "tier:front_end"]);
    expect(clouds.digitalocean.tagsOf({ version: "v1.2" })).toEqual(["version:v1_2e_2"]);
  });

  it("leave marks aside and do not guess at tags that are no labels", () => {
    const mark = ownerMark("fleet", "Server", "web-1", 0);

    expect(clouds.linode.labelsOf(["role:web", mark])).toEqual({ role: "web" });
    expect(clouds.linode.labelsOf(["role:web", ":"])).toBeUndefined();
    expect(clouds.linode.labelsOf(["role:web", "role:db"])).toBeUndefined();
  });
});

describe("redactor", () => {
  it("blots out a secret however it is written", () => {
    const secret = 'pa"ss/w+rd';
    const redact = redactor([secret, "abc"]);
    const text = [
      secret,
      encodeURIComponent(secret),
      JSON.stringify({ secret }),
      Buffer.from(secret).toString("base64"),
    ].join(" ");

    expect(redact(text)).not.toMatch(/pa"ss|pa%22|pa\\"ss|cGEi/);
    expect(redact("abc stays: too short to be told from a word")).toContain("abc");
  });

  it("blots out one line of a longer secret, as errors repeat it", () => {
    const redact = redactor(['#cloud-config\nwrite_files:\n  - content: "PASSWORD=hunter2"\n']);

    expect(redact('line 3: unexpected - content: "PASSWORD=hunter2" here')).toBe("line 3: unexpected [redacted] here");
    expect(redact("x: y")).toBe("x: y");
  });
});
