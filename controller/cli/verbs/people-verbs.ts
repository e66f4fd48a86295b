import { type Command, Option } from "commander";
import { AUDIT_FORMATS } from "../../people/audit-export.ts";
import { ROLES } from "../../people/principal.ts";
import type { AuditFlags } from "./audit.ts";
import { type AddVerb, count, list, positive, running } from "./define.ts";
import type { LoginFlags } from "./login.ts";
import type { NewKeyFlags } from "./tokens.ts";
import type { FirstAdminFlags, NewUserFlags, UserEditFlags } from "./users.ts";

const PASSWORD_FILE = [
  "--password-file <file>",
  "the file that holds the password (default: asked for, or standard input)",
] as const;

const role = (text: string) => new Option("--role <role>", text).choices(ROLES);

function withScopes(command: Command): Command {
  return command
    .option("--account <name>", "only about this account; may be repeated", list)
    .option("--owner <name>", "only about servers of this owner; may be repeated", list);
}

/** People, their API keys, and what they did. */
export const peopleVerbs: AddVerb[] = [
  (program, io, exit) =>
    program
      .command("login")
      .description("sign in at the controller that --server names, so that later calls need its address alone")
      .option("--email <address>", "who signs in (default: asked for)")
      .option("--password-file <file>", "the file that holds the password (default: asked for, or standard input)")
      .option("--days <days>", "for so long the key is good that it makes", positive, 30)
      .action(running<LoginFlags>(io, exit, async (flags, io) => (await import("./login.ts")).loginVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("logout")
      .description("forget what login has kept for the controller that --server names, and revoke it there")
      .action(running(io, exit, async (flags, io) => (await import("./login.ts")).logoutVerb(flags, io))),
  (program, io, exit) =>
    program
      .command("init-admin")
      .description("make the first admin of the fleet, who adds the others")
      .option("--email <address>", "the mail address to sign in with (default: as git knows you)")
      .option("--name <name>", "as the author of commits (default: as git knows you)")
      .option(...PASSWORD_FILE)
      .action(
        running<FirstAdminFlags>(io, exit, async (flags, io) => (await import("./users.ts")).initAdminVerb(flags, io)),
      ),
  (program, io, exit) => {
    const users = program
      .command("users")
      .description("people who work with the fleet: list, add, set, disable, sign-out");
    users
      .command("list")
      .description("everybody, with role and last sign-in")
      .action(running(io, exit, async (flags, io) => (await import("./users.ts")).listUsersVerb(flags, io)));
    withScopes(users.command("add"))
      .argument("<email>", "the mail address to sign in with")
      .description("add somebody")
      .requiredOption("--name <name>", "as the author of commits")
      .addOption(role("what they may do").makeOptionMandatory())
      .option(...PASSWORD_FILE)
      .option("--no-password", "they sign in by the configured issuer only")
      .action(
        running<NewUserFlags>(io, exit, async (flags, io, email) =>
          (await import("./users.ts")).addUserVerb(flags, io, email!),
        ),
      );
    withScopes(users.command("set"))
      .argument("<email>", "whose")
      .description("change somebody: what is not named stays")
      .option("--email <address>", "another mail address")
      .option("--name <name>", "another name")
      .addOption(role("another role"))
      .option("--all-accounts", "about every account")
      .option("--all-owners", "about every owner")
      .option("--password", "another password, asked for or from standard input")
      .option("--password-file <file>", "another password, in this file")
      .option("--enable", "let somebody in again who was disabled")
      .option("--forget-issuer", "the issuer's next token with this mail address names the person anew")
      .action(
        running<UserEditFlags>(io, exit, async (flags, io, email) =>
          (await import("./users.ts")).setUserVerb(flags, io, email!),
        ),
      );
    users
      .command("disable")
      .argument("<email>", "whom")
      .description("let somebody in no more, and end all that they are signed in with")
      .action(
        running(io, exit, async (flags, io, email) => (await import("./users.ts")).disableUserVerb(flags, io, email!)),
      );
    users
      .command("sign-out")
      .argument("<email>", "whom")
      .description("end all that somebody is signed in with; API keys stay")
      .action(
        running(io, exit, async (flags, io, email) => (await import("./users.ts")).signOutUserVerb(flags, io, email!)),
      );
  },
  (program, io, exit) => {
    const tokens = program
      .command("tokens")
      .description("API keys, which programs sign in with: add, list, revoke; and rotate");
    withScopes(tokens.command("add"))
      .argument("<name>", "what it is for")
      .description("make an API key and print it, once")
      .requiredOption("--user <email>", "whom it acts for")
      .addOption(role("what it may do, at most what its user may (default: the same)"))
      .option("--expires-days <days>", "for so long (default: until it is revoked)", positive)
      .action(
        running<NewKeyFlags>(io, exit, async (flags, io, name) =>
          (await import("./tokens.ts")).addTokenVerb(flags, io, name!),
        ),
      );
    tokens
      .command("list")
      .description("API keys with their last use")
      .option("--user <email>", "only of this user")
      .action(running(io, exit, async (flags, io) => (await import("./tokens.ts")).listTokensVerb(flags, io)));
    tokens
      .command("revoke")
      .argument("<id>", "as `tokens list` shows it")
      .description("make an API key worth nothing")
      .action(
        running(io, exit, async (flags, io, id) => (await import("./tokens.ts")).revokeTokenVerb(flags, io, id!)),
      );
    tokens
      .command("rotate")
      .description("sign access tokens with another key; those signed so far run out by themselves")
      .option("--in-minutes <minutes>", "from when on: time to copy the file to the other machines", count, 0)
      .action(
        running<Parameters<typeof import("./tokens.ts").rotateTokensVerb>[0]>(io, exit, async (flags, io) =>
          (await import("./tokens.ts")).rotateTokensVerb(flags, io),
        ),
      );
  },
  (program, io, exit) =>
    program
      .command("audit")
      .description("who did what, and who signed in or tried to, the newest first")
      .option("--limit <count>", "show at most so many", positive, 50)
      .option("--before <number>", "only entries before this one", count)
      .option("--email <address>", "only what this person did")
      .option("--object <object>", "only what was done to this: user ada@example.org, key ID")
      .option("--export <file>", "write all of it into a new file, the oldest first")
      .addOption(
        new Option("--format <format>", "of that file: one JSON object a line, or a table")
          .choices(AUDIT_FORMATS)
          .default("ndjson"),
      )
      .action(running<AuditFlags>(io, exit, async (flags, io) => (await import("./audit.ts")).auditVerb(flags, io))),
];
