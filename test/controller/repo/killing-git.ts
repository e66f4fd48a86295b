import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** When a process is killed: as it calls a git command for the `nth` time, or when that has done its work. */
export interface Kill {
  at: "fast-import" | "push" | "update-ref";
  when: "before" | "after";
  nth?: number;
}

/** A folder for PATH with a `git` that kills whoever calls it; a file `killed` there tells that it has. */
export function killingGit(root: string, { at, when, nth = 1 }: Kill): string {
  const bin = join(root, "bin");
  mkdirSync(bin, { recursive: true });
  const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  const kill = `touch ${bin}/killed; kill -9 $PPID; exit 1`;
  const matches = `" ${at} "*${at === "update-ref" ? '" --stdin "*' : ""}`;
  const script = `#!/bin/sh
case " $* " in *${matches})
  echo >> ${bin}/calls
  if [ "$(wc -l < ${bin}/calls)" -eq ${nth} ]; then ${when === "before" ? "" : `${real} "$@"; `}${kill}; fi;;
esac
exec ${real} "$@"
`;
  writeFileSync(join(bin, "git"), script);
  chmodSync(join(bin, "git"), 0o755);
  return bin;
}
