import { createHash } from "node:crypto";

export interface RootLogin {
  rootPassword: string;
  /** Lets the password in by SSH as well; where there are keys, it is for the console. */
  opensSsh: boolean;
}

/**
 * User data with which cloud-init sets the password of root: DigitalOcean's API takes none. What the droplet's file has of its own runs beside it,
 * as another part of one MIME message.
 * @see https://cloudinit.readthedocs.io/en/latest/explanation/format.html
 */
export function withRootPassword(own: string | undefined, login: RootLogin): string {
  const config = cloudConfig(login);
  if (own === undefined || own === "") return config;
  const boundary = `fw-${createHash("sha256").update(own).digest("hex").slice(0, 24)}`;
  // Of a plain text, cloud-init tells by its first line what it is. Where both set one thing, what the file has counts.
  const parts = [
    part("text/plain", own),
    part("text/cloud-config", config, "Merge-Type: list(append)+dict(no_replace,recurse_list)+str()\n"),
  ];
  const body = parts.map((text) => `--${boundary}\n${text}\n`).join("");
  return `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="${boundary}"\n\n${body}--${boundary}--\n`;
}

/** JSON is YAML: whatever the password holds, it stays one text. */
function cloudConfig({ rootPassword, opensSsh }: RootLogin): string {
  const users = [{ name: "root", password: rootPassword, type: "text" }];
  const lines = [`chpasswd: ${JSON.stringify({ expire: false, users })}`, ...(opensSsh ? ["ssh_pwauth: true"] : [])];
  return `#cloud-config\n${lines.join("\n")}\n`;
}

/** In base64, so that no line of a user's text ends the part. */
const part = (type: string, text: string, header = ""): string =>
  `Content-Type: ${type}; charset="utf-8"\nMIME-Version: 1.0\n${header}Content-Transfer-Encoding: base64\n\n${Buffer.from(text).toString("base64")}`;
