import { FleetError } from "../../../resources/errors.ts";
import type { ListedBinding, ListedCredential } from "../../credentials/credentials.ts";
import { fileOfAccount } from "../../forge/account.ts";
import { counted } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { noteUncommitted, type Session, whoIsAsking, withSession } from "../session.ts";

export interface CredentialFlags extends GlobalOptions {
  endpoint?: string;
}

export interface BindFlags extends CredentialFlags {
  commit?: string;
}

/** `fleetwright credentials set ACCOUNT FIELD`: seals what is typed or piped. Nothing that it prints holds a part of it. */
export async function setVerb(flags: BindFlags, io: Io, account: string, field: string): Promise<number> {
  const value = await io.secret(`${field} of ${account}: `);
  if (value === undefined) throw new FleetError("USAGE", "nothing was typed, and nothing has changed", {});
  return await told(flags, io, async ({ controller }, by) => {
    const set = await controller.credentials.set({ account, field, value, by, ...partsOf(flags) });
    const lines = [`${io.color.bold(`${account} ${field}`)} is sealed for ${set.endpoint} with the key ${set.key}`];
    if (!set.isUsed)
      lines.push(
        io.color.yellow(
          `${fileOfAccount(account)} does not use it: it needs \`${field}: { sealed: true }\` and the address ${set.endpoint}`,
        ),
      );
    return [set, lines];
  });
}

/** `fleetwright credentials list`: what is kept, without any value. */
export async function listVerb(flags: GlobalOptions, io: Io): Promise<number> {
  return await told(flags, io, async ({ controller }) => {
    const list = await controller.credentials.list();
    const lines = [
      ...list.credentials.map((one) => credentialLine(one, io)),
      ...list.bindings.map((one) => bindingLine(one, io)),
    ];
    return [list, lines.length === 0 ? ["Nothing is sealed, and nothing is bound."] : lines];
  });
}

/** `fleetwright credentials remove ACCOUNT [FIELD]`: forgets what is sealed. */
export async function removeVerb(flags: CredentialFlags, io: Io, account: string, field?: string): Promise<number> {
  return await told(flags, io, async ({ controller }, by) => {
    const { endpoint } = flags;
    const removed = await controller.credentials.remove({
      account,
      by,
      ...(field === undefined ? {} : { field }),
      ...(endpoint === undefined ? {} : { endpoint }),
    });
    return [{ removed }, removed.map((one) => `${one.account} ${one.field} for ${one.endpoint} is gone`)];
  });
}

/** `fleetwright credentials validate ACCOUNT`: one call to the cloud. Exit 1 where something is known to be missing. */
export async function validateCredentialsVerb(flags: BindFlags, io: Io, account: string): Promise<number> {
  return await withSession(flags, io, async (session) => {
    const { controller, signal } = session;
    await noteUncommitted(session, flags.commit, io);
    const { commit } = flags;
    const found = await controller.credentials.validate({
      account,
      signal,
      ...(commit === undefined ? {} : { commit }),
    });
    if (flags.json) io.out(JSON.stringify(found));
    else {
      const { color } = io;
      io.out(
        `${color.bold(account)}: ${found.endpoint} takes its credentials${found.identity ? `, as ${found.identity}` : ""}`,
      );
      io.out(`  may    ${found.may.join(", ") || "not told"}`);
      if (found.lacks?.length) io.out(color.red(`  lacks  ${found.lacks.join(", ")}`));
      if (found.expires) io.out(color.yellow(`  until  ${found.expires}`));
      if (found.by === "list")
        io.out(color.dim("  This cloud does not say what a credential may do; it has answered a list."));
    }
    return found.lacks?.length ? EXIT.error : EXIT.ok;
  });
}

/** `fleetwright credentials bind ACCOUNT`: its credentials may be sent to an address. */
export async function bindVerb(flags: BindFlags, io: Io, account: string): Promise<number> {
  return await told(flags, io, async ({ controller }, by) => {
    const bound = await controller.credentials.bind({ account, by, ...partsOf(flags) });
    const lines = [`${io.color.bold(account)}: ${bound.fields.join(", ")} may be sent to ${bound.endpoint}`];
    for (const field of bound.unset)
      lines.push(
        io.color.yellow(
          `${field} is sealed and was not set yet: fleetwright credentials set ${account} ${field} --endpoint ${bound.endpoint}`,
        ),
      );
    if (bound.endpoint.startsWith("http://")) lines.push(io.color.yellow("http sends them unencrypted"));
    return [bound, lines];
  });
}

/** `fleetwright credentials unbind ACCOUNT --endpoint URL`: nothing of it may be sent there any more. */
export async function unbindVerb(flags: CredentialFlags, io: Io, account: string): Promise<number> {
  return await told(flags, io, async ({ controller }, by) => {
    const unbound = await controller.credentials.unbind({ account, by, endpoint: flags.endpoint! });
    return [unbound, [`${account}: ${unbound.fields.join(", ")} may not be sent to ${unbound.endpoint} any more`]];
  });
}

/** `fleetwright credentials rotate`: a new key, and all sealed with it. */
export async function rotateVerb(flags: GlobalOptions, io: Io): Promise<number> {
  return await told(flags, io, async ({ controller }, by) => {
    const change = await controller.credentials.rotate({ by });
    const lines = [
      `${counted(change.resealed, "credential")} sealed anew; all have the key ${io.color.bold(change.key)}`,
    ];
    if (change.removed.length > 0) lines.push(`nothing needs ${change.removed.join(", ")} any more: gone`);
    if (change.removable.length > 0)
      lines.push(`nothing needs ${change.removable.join(", ")} any more: take it out of FLEETWRIGHT_SEAL_KEY`);
    return [change, lines];
  });
}

/** Runs it in the name of whoever asks, and prints what it answers: as data, or in words. */
async function told(
  flags: GlobalOptions & { commit?: string },
  io: Io,
  run: (session: Session, by: string) => Promise<[answer: object, lines: string[]]>,
): Promise<number> {
  return await withSession(flags, io, async (session) => {
    await noteUncommitted(session, flags.commit, io);
    const { name, email } = await whoIsAsking(session.controller);
    const [answer, lines] = await run(session, `${name} <${email}>`);
    if (flags.json) io.out(JSON.stringify(answer));
    else for (const line of lines) io.out(line);
    return EXIT.ok;
  });
}

const partsOf = ({ endpoint, commit }: BindFlags) => ({
  ...(endpoint === undefined ? {} : { endpoint }),
  ...(commit === undefined ? {} : { commit }),
});

function credentialLine({ account, field, endpoint, key, readable, by, at }: ListedCredential, { color }: Io): string {
  const lost = readable ? "" : color.red(", which is not here");
  return `${color.bold(`${account} ${field}`)}  sealed for ${endpoint}  ${at} by ${by}, key ${key}${lost}`;
}

function bindingLine({ account, field, reference, endpoint, by, at }: ListedBinding, { color }: Io): string {
  return `${color.bold(`${account} ${field}`)}  ${reference} bound to ${endpoint}  ${at} by ${by}`;
}
