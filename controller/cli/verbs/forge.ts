import { fleetIdOf } from "../../fleet-id.ts";
import { forgeAt } from "../../forge/account.ts";
import { linkLogin, unlinkLogin } from "../../forge/links.ts";
import { forgeKey, openForge } from "../../forge/open.ts";
import { openPeople } from "../../people/people.ts";
import type { CommandLine } from "../../people/types.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { aligned } from "../render/text.ts";
import { type Session, whoIsAsking, withSession } from "../session.ts";

/** `fleetwright forge check`: asks the forge whose the token is and for a page of pull requests. */
export async function checkForgeVerb(flags: GlobalOptions, io: Io): Promise<number> {
  return await withForge(flags, io, async ({ forge, key, signal }) => {
    const me = await forge.me(signal);
    let open = 0;
    for await (const _ of forge.openPulls(signal)) open += 1;
    return [
      { forge: key, login: me.name, open },
      [`${key}: the token is ${io.color.bold(me.name)}'s, and sees ${open} open pull request${open === 1 ? "" : "s"}`],
    ];
  });
}

/** `fleetwright forge link LOGIN EMAIL`: comments of this login are that user's. */
export async function linkVerb(flags: GlobalOptions, io: Io, name: string, user: string): Promise<number> {
  return await withForge(flags, io, async ({ controller, forge, key, by, signal }) => {
    const { users } = await openPeople({ ...controller, fleetId: await fleetIdOf(controller) });
    const linked = await linkLogin({ store: controller.store, users, forge, key }, { name, user, by }, signal);
    const { login } = linked;
    return [linked, [`${io.color.bold(login.name)} (${login.id}) is ${linked.user.email}, ${linked.user.role}`]];
  });
}

/** `fleetwright forge unlink LOGIN` */
export async function unlinkVerb(flags: GlobalOptions, io: Io, name: string): Promise<number> {
  return await withForge(flags, io, async ({ controller, forge, key, by, signal }) => {
    const login = await unlinkLogin({ store: controller.store, forge, key }, { name, by }, signal);
    return [{ login }, [`${login.name} is nobody here any more`]];
  });
}

/** `fleetwright forge list`: who people at the forge are. */
export async function listLinksVerb(flags: GlobalOptions, io: Io): Promise<number> {
  return await withForge(flags, io, async ({ controller, key }) => {
    const people = new Map((await controller.store.people.users()).map((user) => [user.id, user]));
    const links = (await controller.store.forgeLogins(key)).map(({ id, name, user, by, at }) => ({
      login: { id, name },
      email: people.get(user)?.email,
      role: people.get(user)?.role,
      by,
      at,
    }));
    const rows = links.map(({ login, email, role, by, at }) => [login.name, email ?? "", role ?? "", `by ${by}`, at]);
    return [
      { forge: key, links },
      rows.length === 0 ? ["Nobody is linked: fleetwright forge link LOGIN EMAIL"] : aligned(rows),
    ];
  });
}

interface Visit extends Session {
  forge: ReturnType<typeof openForge>;
  key: string;
  by: CommandLine;
}

async function withForge(
  flags: GlobalOptions,
  io: Io,
  run: (visit: Visit) => Promise<[answer: object, lines: string[]]>,
): Promise<number> {
  return await withSession(flags, io, async (session) => {
    const { controller } = session;
    const spec = await forgeAt(controller.repo);
    const forge = openForge(spec, controller.forge(spec), controller.now);
    const { email } = await whoIsAsking(controller);
    const visit = { ...session, forge, key: forgeKey(spec), by: { email, via: "command-line" } as const };
    const [answer, lines] = await run(visit);
    if (flags.json) io.out(JSON.stringify(answer));
    else for (const line of lines) io.out(line);
    return EXIT.ok;
  });
}
