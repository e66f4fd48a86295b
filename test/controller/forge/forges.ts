import { GitHub } from "../../../controller/forge/github.ts";
import { GitLab } from "../../../controller/forge/gitlab.ts";
import type { Forge } from "../../../controller/forge/types.ts";
import { SimulatedGitLab } from "./gitlab-site.ts";
import type { SimulatedForge } from "./simulated-forge.ts";
import { SimulatedGitHub } from "./site.ts";

interface SimulatedKind {
  name: string;
  site(bareRepo: string): SimulatedForge;
  client(parts: { url: string; token: string; now: () => number }): Forge;
  /** What it says to a token that is wrong. */
  stranger: string;
  /** Headers of an answer after which it wants to be left alone: how many requests are left, and until when. */
  limits: [remaining: string, reset: string];
}

/** Forges that are simulated, each with the client for it. */
export const FORGES: readonly SimulatedKind[] = [
  {
    name: "GitHub",
    site: (bareRepo) => new SimulatedGitHub(bareRepo),
    client: (parts) => new GitHub({ ...parts, repository: "acme/fleet" }),
    stranger: "Bad credentials",
    limits: ["x-ratelimit-remaining", "x-ratelimit-reset"],
  },
  {
    name: "GitLab",
    site: (bareRepo) => new SimulatedGitLab(bareRepo),
    client: (parts) => new GitLab({ ...parts, repository: "acme/fleet" }),
    stranger: "401 Unauthorized",
    limits: ["ratelimit-remaining", "ratelimit-reset"],
  },
];
