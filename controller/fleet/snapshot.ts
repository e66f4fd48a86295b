import { hash } from "node:crypto";
import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";
import type { ServerSpec } from "../../resources/spec.ts";
import type { CompiledObject } from "./compile.ts";
import type { FleetFile } from "./file.ts";

/** Raised when the shape of what follows the first line changes. */
const FORMAT = "fleetwright-snapshot 1";

/** A fleet without faults and notes at one commit: its files, and its servers as they were compiled. All else is compiled anew, being little. */
export interface Snapshot {
  commit: string;
  /** What compiled it: @see programDigest */
  program: string;
  /** What the clouds sold: @see catalogsDigest */
  catalogs: string;
  files: FleetFile[];
  servers: Map<string, CompiledObject<ServerSpec>>;
  /** Files that servers took user data from; undefined for one that was looked for and is not there. */
  texts: Map<string, string | undefined>;
}

/** As it is written: servers name their file by its number. */
interface Written {
  commit: string;
  program: string;
  catalogs: string;
  files: [path: string, blob: string, text: string][];
  servers: [file: number, spec: ServerSpec, hash: string, createHash: string][];
  texts: [path: string, text: string | null][];
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** `FORMAT SHA256\n` and compressed JSON: 1.2 MB for 10,000 servers. */
export async function encodeSnapshot({ files, servers, texts, ...keys }: Snapshot): Promise<Buffer> {
  const numbers = new Map(files.map(({ path }, number) => [path, number]));
  const written: Written = {
    ...keys,
    files: files.map(({ path, blob, text }) => [path, blob, text]),
    servers: [...servers.values()].map(({ spec, hash, createHash, path }) => [
      numbers.get(path)!,
      spec,
      hash,
      createHash,
    ]),
    texts: [...texts].map(([path, text]) => [path, text ?? null]),
  };
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  const body = await compress(JSON.stringify(written), { params });
  return Buffer.concat([Buffer.from(`${FORMAT} ${hash("sha256", body, "hex")}\n`), body]);
}

/** What the bytes hold; undefined when they are not whole, or in another format. */
export async function decodeSnapshot(bytes: Buffer): Promise<Snapshot | undefined> {
  const end = bytes.indexOf("\n");
  const body = bytes.subarray(end + 1);
  if (bytes.toString("latin1", 0, Math.max(end, 0)) !== `${FORMAT} ${hash("sha256", body, "hex")}`) return undefined;
  const { files, servers, texts, ...keys } = JSON.parse((await decompress(body)).toString("utf8")) as Written;
  const listed = files.map(([path, blob, text]): FleetFile => ({ path, blob, text }));
  return {
    ...keys,
    files: listed,
    servers: new Map(
      servers.map(([number, spec, hash, createHash]) => {
        const { path, blob } = listed[number]!;
        return [spec.name, { spec, hash, createHash, path, blob }];
      }),
    ),
    texts: new Map(texts.map(([path, text]) => [path, text ?? undefined])),
  };
}
