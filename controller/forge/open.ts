import type { ForgeSpec } from "../../resources/spec.ts";
import { canonicalJson } from "../fleet/canonical.ts";
import type { Controller } from "../reconcile/context.ts";
import { forgeLender } from "./account.ts";
import { Gitea } from "./gitea.ts";
import { GitHub } from "./github.ts";
import { GitLab } from "./gitlab.ts";
import type { Forge, Login } from "./types.ts";

const CLIENTS = { github: GitHub, gitlab: GitLab, gitea: Gitea } as const;

/** Where a forge is, and what it is asked with. */
export interface ForgeAccess {
  /** Its address, without a slash at its end. */
  url: string;
  token: string;
}

export function openForge({ kind, repository }: ForgeSpec, { url, token }: ForgeAccess, now: () => number): Forge {
  return new CLIENTS[kind]({ url, token, repository, now });
}

/** As people open it, without a slash at its end. */
export const forgeUrl = ({ kind, url }: Pick<ForgeSpec, "kind" | "url">): string =>
  (url ?? forgeLender(kind).endpoint!).replace(/\/+$/, "");

/** Names a forge and the repository there. */
export const forgeKey = (spec: Pick<ForgeSpec, "kind" | "url" | "repository">): string =>
  `${forgeUrl(spec)} ${spec.repository}`;

/** Keeps one client as long as nothing of it changes: it remembers when the forge has said that it is enough, and whose token it is. */
export class ForgeDesk {
  #key = "";
  #forge: Forge | undefined;
  #me: Login | undefined;

  /** @throws {FleetError} CREDENTIAL_MISSING, also where nobody has bound the token to this address. */
  open(controller: Pick<Controller, "forge" | "now">, spec: ForgeSpec): Forge {
    const access = controller.forge(spec);
    const key = canonicalJson({ spec, access });
    if (this.#forge === undefined || this.#key !== key) {
      this.#forge = openForge(spec, access, controller.now);
      this.#me = undefined;
    }
    this.#key = key;
    return this.#forge;
  }

  async me(signal: AbortSignal): Promise<Login> {
    this.#me ??= await this.#forge!.me(signal);
    return this.#me;
  }
}
