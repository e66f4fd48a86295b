import { expect, it } from "vitest";
import { objectUuid, uuidOf } from "../../../../controller/api/vps/uuid.ts";

it("makes the UUID that RFC 9562 gives as an example", () => {
  expect(uuidOf("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com")).toBe(
    "2ed6657d-e927-568b-95e1-2665a8aea6a2",
  );
});

it("tells fleets, kinds and names apart, and is the same each time", () => {
  const all = [
    objectUuid("a", "Account", "x"),
    objectUuid("b", "Account", "x"),
    objectUuid("a", "Server", "x"),
    objectUuid("a", "Account", "y"),
  ];

  expect(new Set(all).size).toBe(4);
  expect(objectUuid("a", "Account", "x")).toBe(all[0]);
});
