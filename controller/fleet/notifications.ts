import type { NotificationTarget, SecretRef } from "../../resources/spec.ts";
import type { FleetFields } from "../../schemas/types.ts";
import { fieldFault } from "./file.ts";
import { isLoopback } from "./loopback.ts";
import type { FieldFault } from "./validate.ts";

type Fields = FleetFields["notifications"];
type Path = FieldFault["path"];

/** Who is told, of a list without faults. */
export function targetsOf(notifications: Fields): NotificationTarget[] {
  return notifications.flatMap(({ name, on, webhook, mail }): NotificationTarget[] => {
    if (webhook !== undefined)
      return [{ name, on, by: { kind: "webhook", url: webhook.url, secret: webhook.secret as SecretRef } }];
    if (mail === undefined) return [];
    const { to, from, smtp } = mail;
    const { host, port, user, password } = smtp;
    const login =
      user === undefined || password === undefined ? {} : { login: { user, password: password as SecretRef } };
    return [{ name, on, by: { kind: "mail", to, from, smtp: { host, port, ...login } } }];
  });
}

/** What the schema cannot say of who is told. */
export function notificationFaults(notifications: Fields, envPrefixes: readonly string[]): FieldFault[] {
  return notifications.flatMap(({ name, webhook, mail }, index): FieldFault[] => {
    const path: Path = ["notifications", index];
    const first = notifications.findIndex((other) => other.name === name);
    return [
      ...(first === index
        ? []
        : [fieldFault([...path, "name"], `is the name of notifications[${first}]: each needs one of its own`)]),
      ...((webhook === undefined) === (mail === undefined)
        ? [fieldFault(path, "must have `webhook` or `mail`, and not both")]
        : []),
      ...(webhook === undefined ? [] : urlFaults(webhook.url, [...path, "webhook", "url"])),
      ...prefixFaults(webhook?.secret.env, [...path, "webhook", "secret", "env"], envPrefixes),
      ...loginFaults(mail?.smtp, [...path, "mail", "smtp"]),
      ...prefixFaults(mail?.smtp.password?.env, [...path, "mail", "smtp", "password", "env"], envPrefixes),
    ];
  });
}

/** Unencrypted only to this machine. */
export function urlFaults(url: string, path: Path): FieldFault[] {
  if (!URL.canParse(url)) return [fieldFault(path, "is no address")];
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || isLoopback(hostname)
    ? []
    : [fieldFault(path, "must be https: only to this machine may it go unencrypted")];
}

function loginFaults(smtp: NonNullable<Fields[number]["mail"]>["smtp"] | undefined, path: Path): FieldFault[] {
  if (smtp === undefined || (smtp.user === undefined) === (smtp.password === undefined)) return [];
  return smtp.user === undefined
    ? [fieldFault([...path, "user"], "is missing: `password` needs one")]
    : [fieldFault([...path, "password"], "is missing: `user` needs one")];
}

/** The name itself is not told: it may be a secret that was put in the wrong place. */
export function prefixFaults(env: string | undefined, path: Path, prefixes: readonly string[]): FieldFault[] {
  if (env === undefined || prefixes.some((prefix) => env.startsWith(prefix))) return [];
  return [{ path, at: "value", message: "must begin with one of the fleet's `envPrefixes`", allowed: [...prefixes] }];
}
