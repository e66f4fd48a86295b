import { execFileSync } from "node:child_process";

/** Entries of a folder below `servers/`, as what the product writes is nested. */
const PER_FOLDER = 100;
/** Servers of one stack, as `status` proposes. */
export const PER_CELL = 250;

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC227hF/CBLnsuS/rAO8tbPFfWPA22zfDcPSpC1SBbeV bench@example.net";

export const TOKEN_VARIABLE = "FLEETWRIGHT_BENCH_TOKEN";

export const serverName = (index: number): string => `server-${String(index).padStart(5, "0")}`;

export const serverPath = (index: number): string =>
  `servers/group-${String(Math.floor(index / PER_FOLDER)).padStart(3, "0")}/${serverName(index)}.yaml`;

/** One server as a person would write it; about 380 bytes. */
export function serverText(index: number, size: string): string {
  return `kind: Server
name: ${serverName(index)}
hostname: ${serverName(index)}.customers.example.net
account: bench
size: ${size}
region: here
image: debian-12
owner: customer-${index % 250}
labels:
  env: production
  role: web
  team: platform-${index % 7}
keys: [ops]
monitoring: true
backups: ${index % 2 === 0}
ipv6: true
protect: false
provider:
  network: customers-${index % 16}
  project: hosting
`;
}

/** Makes a repository with this many servers, in one commit by one process. */
export function writeFleet(dir: string, servers: number, cells = Math.ceil(servers / PER_CELL)): void {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: dir, stdio: "pipe" });
  git("init", "-q", "-b", "main");
  const files: Record<string, string> = {
    "fleet.yaml": "kind: Fleet\nid: bench\napproval: auto\n",
    "accounts/bench.yaml": `kind: Account\nname: bench\nprovider: bench\ncells: ${cells}\ncredentials:\n  token: {env: ${TOKEN_VARIABLE}}\ndeadlines: {settleSeconds: 0}\n`,
    "keys/ops.yaml": `kind: SshKey\nname: ops\npublicKey: ${KEY}\n`,
  };
  importCommit(dir, "Make the fleet", { ...files, ...serverFiles(0, servers) });
}

/** Adds servers from one index up to, but not with, another. */
export function addServers(dir: string, from: number, to: number): void {
  importCommit(dir, `Add ${to - from} servers`, serverFiles(from, to));
}

function serverFiles(from: number, to: number): Record<string, string> {
  const files: Record<string, string> = {};
  for (let index = from; index < to; index++) files[serverPath(index)] = serverText(index, "small");
  return files;
}

/** Commits another size for one server; answers the commit. */
export function resizeServer(dir: string, index: number, size: string): string {
  importCommit(dir, `Resize ${serverName(index)}`, { [serverPath(index)]: serverText(index, size) });
  return headOf(dir);
}

export function headOf(dir: string): string {
  return execFileSync("git", ["rev-parse", "main"], { cwd: dir, encoding: "utf8" }).trim();
}

/** Puts the files of the last commit into the folder: they are imported past it. */
export function checkOut(dir: string): void {
  execFileSync("git", ["reset", "--quiet", "--hard"], { cwd: dir, stdio: "pipe" });
}

function importCommit(dir: string, message: string, files: Record<string, string>): void {
  const hasParent = tryGit(dir, "rev-parse", "--verify", "-q", "main") !== undefined;
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const changes = Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`);
  const head = `commit refs/heads/main\ncommitter Bench <bench@example.net> 1767225600 +0000\n${data(message)}`;
  const stream = `${head}${hasParent ? "from refs/heads/main^0\n" : ""}${changes.join("")}\n`;
  execFileSync("git", ["fast-import", "--quiet"], { cwd: dir, input: stream, stdio: ["pipe", "pipe", "inherit"] });
}

function tryGit(dir: string, ...args: string[]): string | undefined {
  try {
    return execFileSync("git", args, { cwd: dir, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined;
  }
}
