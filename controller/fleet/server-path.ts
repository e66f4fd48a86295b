import { sha256 } from "./canonical.ts";

/** A folder that we write has at most about so many entries. */
const FOLDER_ENTRIES = 200;
/** So many folders a level: two levels hold 200,000 servers of one account. */
const FOLDERS = 32;

/**
 * Where we put a server's new file: below its account, and two levels deeper by a hash of its name once the account has many. Git writes
 * every folder on the way to a changed file anew, so small ones keep a commit cheap. Where a file lies means nothing.
 * @param inAccount how many servers the account has, with those that come now.
 */
export function serverPath(account: string, name: string, inAccount: number): string {
  if (inAccount <= FOLDER_ENTRIES) return `servers/${account}/${name}.yaml`;
  const digest = sha256(name);
  const level = (at: number) => (Number.parseInt(digest.slice(at, at + 2), 16) % FOLDERS).toString(FOLDERS);
  return `servers/${account}/${level(0)}/${level(2)}/${name}.yaml`;
}
