import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe } from "vitest";
import { fileBlobs } from "../../../controller/engine/file-blobs.ts";
import { describeBlobs } from "./blob-contract.ts";

const root = mkdtempSync(join(tmpdir(), "fw-blobs-"));
afterAll(() => rmSync(root, { recursive: true }));

describe("state in a folder", () => describeBlobs(() => fileBlobs(root)));
