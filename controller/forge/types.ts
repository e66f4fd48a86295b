/** Somebody at a forge. Names change hands, so `id` tells people apart. */
export interface Login {
  id: string;
  name: string;
}

export interface PullRequest {
  number: number;
  title: string;
  /** Its page. */
  url: string;
  state: "open" | "merged" | "closed";
  author: Login;
  /** Commit that is to be merged. */
  head: string;
  /** It comes from another repository, or from one that is gone. */
  isFork: boolean;
  /** Name of the branch that it is to be merged into. */
  base: string;
  /** On that branch, once merged. */
  merged?: string;
  /** As the forge writes it: compared, and read as an instant. */
  updatedAt: string;
}

export interface ForgeComment {
  /** Later ones have higher numbers. */
  id: number;
  author: Login;
  body: string;
  /** Instants as the forge writes them; they differ once somebody has edited it. */
  createdAt: string;
  updatedAt: string;
}

export interface CommitStatus {
  state: "pending" | "success" | "failure";
  description: string;
  /** Where more is told. */
  url?: string;
}

/**
 * One repository at a forge, as pull requests need it. It translates and does not decide.
 * @throws {FleetError} from any method: FORGE_FAILED where a later call may succeed (`at.waitMs` says when, where the forge has told), FORGE_REFUSED,
 *   NOT_FOUND for a pull request, a comment or a commit that is not there.
 */
export interface Forge {
  /** Characters that a comment may have. */
  readonly longestComment: number;
  /** Ref of the repository that has the head of a pull request, forks included. */
  headRef(number: number): string;
  /** All open ones, all pages. */
  openPulls(signal: AbortSignal): AsyncIterable<PullRequest>;
  pull(number: number, signal: AbortSignal): Promise<PullRequest>;
  /** Paths that it changes, both names of a moved file. A forge may leave some out where there are thousands. */
  files(number: number, signal: AbortSignal): AsyncIterable<string>;
  /** Oldest first; `since`: those changed from an instant on, where the forge can tell them apart, else all. */
  comments(number: number, since: string | undefined, signal: AbortSignal): AsyncIterable<ForgeComment>;
  addComment(number: number, body: string, signal: AbortSignal): Promise<ForgeComment>;
  editComment(number: number, id: number, body: string, signal: AbortSignal): Promise<void>;
  setStatus(commit: string, status: CommitStatus, signal: AbortSignal): Promise<void>;
  /** Merges this head, and refuses any other. @throws {FleetError} FORGE_REFUSED when it cannot be merged now. */
  merge(number: number, head: string, signal: AbortSignal): Promise<void>;
  /** Whose token it is. */
  me(signal: AbortSignal): Promise<Login>;
  /** Undefined where nobody has this name. */
  login(name: string, signal: AbortSignal): Promise<Login | undefined>;
}

/** Names our commit status at every forge. */
export const STATUS_CONTEXT = "fleetwright";
