import { expect, it } from "vitest";
import { parse } from "yaml";
import { digitalocean } from "../../../resources/digitalocean/index.ts";
import { withRootPassword } from "../../../resources/digitalocean/user-data.ts";

const OWN = "#!/bin/sh\n--fw-boundary\necho ä\n";

it("keeps a password one text, whatever it holds", () => {
  const rootPassword = `'"\\: #{}\u00e4`;
  const text = withRootPassword(undefined, { rootPassword, opensSsh: false });

  expect(text.split("\n")[0]).toBe("#cloud-config");
  expect(parse(text)).toEqual({
    chpasswd: { expire: false, users: [{ name: "root", password: rootPassword, type: "text" }] },
  });
});

it("runs the server's own user data beside it", () => {
  const text = withRootPassword(OWN, { rootPassword: "p", opensSsh: true });
  const boundary = /boundary="(.+)"/.exec(text)![1]!;
  const parts = text.split(`--${boundary}`).slice(1, -1);
  const bodies = parts.map((part) => Buffer.from(part.split("\n\n").at(-1)!, "base64").toString("utf8"));

  expect(parts.map((part) => /Content-Type: (\S+);/.exec(part)![1])).toEqual(["text/plain", "text/cloud-config"]);
  expect(bodies[0]).toBe(OWN);
  expect(parse(bodies[1]!)).toMatchObject({ ssh_pwauth: true });
});

it("opens SSH to the password only where no key is let in", () => {
  const sent = (body: object) =>
    String(digitalocean.gateway.withSecrets!({ name: "web-1", ...body }, { rootPassword: "p" }).user_data);

  expect(sent({})).toContain("ssh_pwauth");
  expect(sent({ ssh_keys: [1] })).not.toContain("ssh_pwauth");
});
