import { resolve } from "node:path";
import { backUp } from "../../backup/backup.ts";
import type { Manifest } from "../../backup/manifest.ts";
import { restore } from "../../backup/restore.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { withSession } from "../session.ts";

export interface BackupFlags extends GlobalOptions {
  withoutKey?: boolean;
}

export interface RestoreFlags extends GlobalOptions {
  key?: string;
  over?: boolean;
}

/** `fleetwright backup FILE`: everything the controller holds, in one archive, while others go on working. */
export async function backupVerb(flags: BackupFlags, io: Io, file: string): Promise<number> {
  return await withSession(flags, io, async ({ controller, view }) => {
    const manifest = await view.during(
      "backing up",
      backUp(controller, { file, withoutKey: flags.withoutKey ?? false }),
    );
    if (flags.json) io.out(JSON.stringify({ file: resolve(file), ...manifest }));
    else io.out(`${io.color.green("Backed up")} ${described(manifest)} in ${resolve(file)}`);
    if (manifest.hasKey) io.err("the archive holds the key of the state's secrets: keep it as secret as that");
    if (!manifest.hasState)
      io.err(
        "PULUMI_BACKEND_URL names a place that only the engine can read: state is not in the archive, back it up there",
      );
    return EXIT.ok;
  });
}

/** `fleetwright restore FILE`: a fleet repository and a data folder from an archive. Needs no cloud and no engine. */
export async function restoreVerb(flags: RestoreFlags, io: Io, file: string): Promise<number> {
  const { manifest, fleetDir, dataDir, aside } = await restore({
    file,
    fleetDir: flags.fleet,
    over: flags.over ?? false,
    environment: process.env,
    now: new Date(),
    ...(flags.data === undefined ? {} : { dataDir: flags.data }),
    ...(flags.key === undefined ? {} : { keyFile: flags.key }),
  });
  if (flags.json) io.out(JSON.stringify({ fleetDir, dataDir, aside, ...manifest }));
  else {
    io.out(
      `${io.color.green("Restored")} ${described(manifest)}: the fleet in ${fleetDir}, the controller's data in ${dataDir}`,
    );
    for (const folder of aside) io.out(`  what was in the way is now ${folder}`);
    io.out("Next: git pull what is newer, then fleetwright preview, and preview --full, which must be empty");
  }
  return EXIT.ok;
}

const described = ({ fleetId, madeAt, files, commit }: Manifest): string =>
  `the fleet ${fleetId} as of ${madeAt} (commit ${commit.slice(0, 10)}, ${Object.keys(files).length} files)`;
