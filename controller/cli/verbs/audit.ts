import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { FleetError } from "../../../resources/errors.ts";
import { type AuditFormat, auditExport } from "../../people/audit-export.ts";
import type { StoredAudit } from "../../people/types.ts";
import { actorWords } from "../../words/people.ts";
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
  format: AuditFormat;
}

/** `fleetwright audit`: who did what, the newest first, or all of it into a file. */
export async function auditVerb(flags: AuditFlags, io: Io): Promise<number> {
  return await withPeople(flags, io, async ({ audit }) => {
    const { email, object, before, limit } = flags;
    const filter = { ...(email && { email }), ...(object && { object }) };
    if (flags.export !== undefined) {
      let entries = 0;
      async function* counted() {
        for await (const entry of audit.entries(filter)) {
          entries += 1;
          yield entry;
        }
      }
      await write(flags.export, auditExport(counted(), flags.format));
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

/** Into a new file (0600). @throws {FleetError} USAGE */
async function write(file: string, lines: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(lines), createWriteStream(file, { flags: "wx", mode: 0o600 }));
  } catch (error) {
    if (error instanceof FleetError) throw error;
    throw new FleetError("USAGE", `${file} cannot be written: ${(error as Error).message}`, { file }, { cause: error });
  }
}

function rowOf({ seq, at, who, action, object, data, source }: StoredAudit): string[] {
  return [
    String(seq),
    at,
    actorWords(who),
    action,
    object ?? "",
    source ?? "",
    data === undefined ? "" : JSON.stringify(data),
  ];
}
