import { type AddVerb, running } from "./define.ts";

/** The forge that `fleet.yaml` names, and who people there are. */
export const forgeVerbs: AddVerb = (program, io, exit) => {
  const group = program
    .command("forge")
    .description("the forge with the fleet's pull requests: check, link, unlink, list");
  group
    .command("check")
    .description("ask the forge whose the token is, and which pull requests it sees")
    .action(running(io, exit, async (flags, io) => (await import("./forge.ts")).checkForgeVerb(flags, io)));
  group
    .command("link")
    .description("say who somebody at the forge is, so that their comments count as theirs")
    .argument("<login>", "their name at the forge")
    .argument("<email>", "the user's mail address")
    .action(
      running(io, exit, async (flags, io, login, email) =>
        (await import("./forge.ts")).linkVerb(flags, io, login!, email!),
      ),
    );
  group
    .command("unlink")
    .description("comments of this login count for nobody any more")
    .argument("<login>", "their name at the forge")
    .action(running(io, exit, async (flags, io, login) => (await import("./forge.ts")).unlinkVerb(flags, io, login!)));
  group
    .command("list")
    .description("who is linked to whom")
    .action(running(io, exit, async (flags, io) => (await import("./forge.ts")).listLinksVerb(flags, io)));
};
