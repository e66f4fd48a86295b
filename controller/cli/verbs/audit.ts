import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { FleetError } from "../../../resources/errors.ts";
import type { StoredAudit } from "../../people/types.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { withPeople } from "../people-session.ts";
import { aligned } from "../render/text.ts";

export interface AuditFlags extends GlobalOptions {
  limit: number;
  before?: number;
  email?: string;
  object?: string;
  export?: string;
}

/** `fleetwright audit`: who did what, the newest first, or all of it into a file, one JSON object a line. */
export async function auditVerb(flags: AuditFlags, io: Io): Promise<number> {
  return await withPeople(flags, io, async ({ audit }) => {
    const { email, object, before, limit } = flags;
    const filter = { ...(email && { email }), ...(object && { object }) };
    if (flags.export !== undefined) {
      const entries = await write(flags.export, audit.exported(filter));
      io.out(flags.json ? JSON.stringify({ file: flags.export, entries }) : `${entries} entries in ${flags.export}`);
      return EXIT.ok;
    }
    const page = await audit.list({ ...filter, limit, ...(before !== undefined && { before }) });
    if (flags.json) io.out(JSON.stringify(page));
    else for (const line of aligned(page.entries.map(rowOf))) io.out(line);
    if (page.next !== undefined) io.err(`there are more: --before ${page.next}`);
    return EXIT.ok;
  });
}

/** Into a new file (0600). Answers how many lines. @throws {FleetError} USAGE */
async function write(file: string, lines: AsyncIterable<string>): Promise<number> {
  let many = 0;
  async function* counted() {
    for await (const line of lines) {
      many += 1;
      yield line;
    }
  }
  try {
    await pipeline(Readable.from(counted()), createWriteStream(file, { flags: "wx", mode: 0o600 }));
  } catch (error) {
    if (error instanceof FleetError) throw error;
    throw new FleetError("USAGE", `${file} cannot be written: ${(error as Error).message}`, { file }, { cause: error });
  }
  return many;
}

function rowOf({ seq, at, who, action, object, data, source }: StoredAudit): string[] {
  return [
    String(seq),
    at,
    who === undefined ? "nobody known" : `${who.email} (${who.via})`,
    action,
    object ?? "",
    source ?? "",
    data === undefined ? "" : JSON.stringify(data),
  ];
}
