import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { FleetError } from "../../resources/errors.ts";
import { canonicalJson } from "../fleet/canonical.ts";
import type { Principal } from "../people/principal.ts";
import type { ChangeFilter, RunRecord } from "../store/types.ts";
import { type ApproveRequest, approve } from "./approve.ts";
import type { DialectCall } from "./call.ts";
import { draftOf } from "./draft.ts";
import { changeId } from "./id.ts";
import { lookOnce } from "./look.ts";
import { execute } from "./merge.ts";
import { refuseGated } from "./pull.ts";
import { toChange, toStep, toStored } from "./records.ts";
import { changeOf, type Ground, onLatest, step, tell } from "./steps.ts";
import { isBusy } from "./transitions.ts";
import type { Change, ChangePreview, ChangeState, ChangeStep } from "./types.ts";

export interface OpenChange extends Pick<Change, "title" | "edits" | "reverts" | "surface"> {
  /** Without an id: whoever is at the controller's own command line. */
  by: Pick<Principal, "name" | "email" | "role"> & { id?: string };
  /** Idempotency-Key, of this person: the same request again is the same change. */
  key?: string;
  /** Executes it as soon as it is approved. Default false. */
  executes?: boolean;
  /** Leaves it a draft, which nobody looks at. Default false. */
  draft?: boolean;
  /** What a dialect's caller has asked for. */
  call?: DialectCall;
}

/** Executed, or as it would be then. */
const UNDER_WAY: readonly ChangeState[] = ["executing", "converged"];
const LOOK_MS = 200;

/** The one way in which wishes become commits and machines: each opened, previewed, approved and executed, by whatever surface it comes. */
export class Changes {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /**
   * @throws {FleetError} COMMIT_CONFLICT or FLEET_INVALID when the edits do not fit; USAGE when they change nothing, or for a key that was used for
   *   another change.
   */
  async open(request: OpenChange, signal: AbortSignal): Promise<Change> {
    const { controller, wake } = this.#ground;
    const { by, title, edits, reverts, surface } = request;
    const id = idOf(request);
    const earlier = await controller.store.change(id);
    if (earlier !== undefined) return sameAs(toChange(earlier), request);
    const author = { name: by.name, email: by.email };
    const wanted = { id, author, title, edits, ...(reverts && { reverts }) };
    const draft = await draftOf(controller, wanted, this.#ground.main(), signal);
    if (draft.files.length === 0)
      throw new FleetError("USAGE", "the change changes nothing: the fleet is so already", { same: true });
    const at = new Date(controller.now()).toISOString();
    const change: Change = {
      ...wanted,
      version: 1,
      state: request.draft ? "draft" : "previewing",
      role: by.role,
      ...(by.id !== undefined && { openedBy: by.id }),
      surface,
      ...(request.call && { call: request.call }),
      executes: request.executes ?? false,
      ...draft,
      approvals: [],
      results: [],
      createdAt: at,
      updatedAt: at,
    };
    const who = told(by);
    if (!(await controller.store.addChange(toStored(change), { change: id, to: change.state, by: who, at })))
      return sameAs(await changeOf(controller, id), request);
    await tell(controller, change, who);
    await wake();
    return change;
  }

  /** The change that a request with this key has opened before. */
  async opened({ key, by }: Pick<OpenChange, "by"> & { key: string }): Promise<Change | undefined> {
    const stored = await this.#ground.controller.store.change(idOf({ key, by }));
    return stored && toChange(stored);
  }

  /** What a change would do, without making one. @throws {FleetError} as `open` */
  async rehearse(
    { title, edits, reverts, by }: Pick<OpenChange, "title" | "edits" | "reverts" | "by">,
    signal: AbortSignal,
  ): Promise<ChangePreview & Pick<Change, "files" | "objects" | "base">> {
    const { controller } = this.#ground;
    const id = `c-${randomBytes(8).toString("hex")}`;
    const author = { name: by.name, email: by.email };
    const wish = { id, author, title, edits, ...(reverts && { reverts }) };
    try {
      const draft = await draftOf(controller, wish, this.#ground.main(), signal);
      const { preview } = await lookOnce(controller, { ...wish, ...draft }, signal, { engine: false });
      return { ...preview, files: draft.files, objects: draft.objects, base: draft.base };
    } finally {
      await controller.repo.dropDrafts([id]);
    }
  }

  /** @throws {FleetError} NOT_FOUND */
  async get(id: string): Promise<Change> {
    return await changeOf(this.#ground.controller, id);
  }

  /** The newest first. */
  async list(filter: ChangeFilter, limit: number): Promise<Change[]> {
    return (await this.#ground.controller.store.changes(filter, limit)).map(toChange);
  }

  /** Oldest first. */
  async steps(id: string): Promise<ChangeStep[]> {
    return (await this.#ground.controller.store.changeSteps(id)).map(toStep);
  }

  /** Runs of the engine that carried its effects, oldest first; old ones are removed. */
  async runs({ preview, merged, createdAt }: Change): Promise<RunRecord[]> {
    if (merged === undefined) return [];
    return await this.#ground.controller.store.runsOf(
      preview!.effects.map(({ hash }) => hash),
      createdAt,
    );
  }

  /** Has it looked at anew. @throws {FleetError} NOT_FOUND, CHANGE_STATE; FORBIDDEN for a pull request that waits for an operator. */
  async preview(id: string, by: Pick<Principal, "name" | "email">): Promise<Change> {
    const { controller, wake } = this.#ground;
    const shown = await onLatest(async () => {
      const change = await changeOf(controller, id);
      refuseGated(change);
      return change.state === "previewing" ? change : await step(controller, change, "previewing", { by: told(by) });
    });
    await wake();
    return shown;
  }

  /** @throws {FleetError} NOT_FOUND, CHANGE_STATE, PREVIEW_STALE, GUARD_REFUSED */
  async approve(
    id: string,
    request: Omit<ApproveRequest, "by"> & { by: Pick<Principal, "name" | "email"> },
    signal: AbortSignal,
  ): Promise<Change> {
    const by = told(request.by);
    const approved = await onLatest(async () => {
      const change = await changeOf(this.#ground.controller, id);
      return await approve(this.#ground, change, { ...request, by }, signal);
    });
    if (approved.state !== "approved" || !approved.executes) return approved;
    // The service may have begun with it in the same moment.
    return await this.execute(id, request.by, signal);
  }

  /** @throws {FleetError} NOT_FOUND, CHANGE_STATE */
  async execute(id: string, by: Pick<Principal, "name" | "email">, signal: AbortSignal): Promise<Change> {
    return await onLatest(async () => {
      const change = await changeOf(this.#ground.controller, id);
      if (UNDER_WAY.includes(change.state)) return change;
      return await execute(this.#ground, change, told(by), signal);
    });
  }

  /** Gives up one that is not on the main line. @throws {FleetError} NOT_FOUND, CHANGE_STATE */
  async close(id: string, by: Pick<Principal, "name" | "email">, reason?: string): Promise<Change> {
    const { controller } = this.#ground;
    return await onLatest(async () => await this.#close(await changeOf(controller, id), by, reason));
  }

  async #close(change: Change, by: Pick<Principal, "name" | "email">, reason?: string): Promise<Change> {
    const { controller } = this.#ground;
    const { id } = change;
    if (change.merged !== undefined && change.reverts === undefined)
      throw new FleetError(
        "CHANGE_STATE",
        `${id} is on the main line as ${change.merged}: open another change that takes it back`,
        {
          change: id,
        },
      );
    const closed = await step(controller, change, "closed", { by: told(by), ...(reason !== undefined && { reason }) });
    await controller.repo.dropDrafts([id]);
    return closed;
  }

  /** Waits until nothing is under way that ends by itself, or for so long. @throws {FleetError} NOT_FOUND */
  async settled(id: string, ms: number, signal: AbortSignal): Promise<Change> {
    const { controller } = this.#ground;
    const until = controller.steady() + ms;
    for (;;) {
      const change = await changeOf(controller, id);
      if (!isBusy(change) || controller.steady() >= until) return change;
      await delay(LOOK_MS, undefined, { signal });
    }
  }
}

export const told = ({ name, email }: Pick<Principal, "name" | "email">): string => `${name} <${email}>`;

/** 60 bits: of the key and who used it, or by chance. */
const idOf = ({ key, by }: Pick<OpenChange, "key" | "by">): string =>
  changeId(key === undefined ? randomBytes(12) : createHash("sha256").update(`${by.id} ${key}`).digest());

function sameAs(change: Change, { title, edits, reverts, key }: OpenChange): Change {
  const wanted = (one: Pick<Change, "edits" | "reverts">) => canonicalJson([one.edits, one.reverts ?? []]);
  if (change.title === title && wanted(change) === wanted({ edits, ...(reverts && { reverts }) })) return change;
  const message = `the Idempotency-Key ${key} was used for ${change.id}, another change: take a new one`;
  throw new FleetError("USAGE", message, { change: change.id });
}
