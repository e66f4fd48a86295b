import { describe, expect, it } from "vitest";
import { sameSystem, systemOf } from "../../../controller/catalog/images.ts";

describe("the system in an image", () => {
  it.each([
    ["linode/debian12", "Debian 12", "debian 12"],
    ["debian-12-x64", "Debian 12 x64", "debian 12"],
    ["debian_12", "Debian 12", "debian 12"],
    ["Debian 12 (Bookworm)", "", "debian 12"],
    ["linode/ubuntu24.04", "Ubuntu 24.04 LTS", "ubuntu 24.04"],
    ["ubuntu-24-04-x64", "Ubuntu 24.04 (LTS) x64", "ubuntu 24.04"],
    ["ubuntu_24_04", "Ubuntu 24.04 LTS", "ubuntu 24.04"],
    ["rockylinux-9-x64", "Rocky Linux 9 x64", "rocky 9"],
    ["linode/rocky9", "Rocky Linux 9", "rocky 9"],
    ["centos-stream-9-x64", "CentOS 9 Stream x64", "centos 9"],
    ["linode/arch", "Arch Linux", "arch "],
    ["2284", "Debian 13 x64 (trixie)", "debian 13"],
  ])("%s (%s) is %s", (name, title, system) => {
    const found = systemOf({ name, title });

    expect(`${found?.name} ${found?.version}`).toBe(system);
  });

  it("is looked for at another cloud by system and version, and never taken from an application or a private image", () => {
    const image = (name: string, title = name, more = {}) => ({ name, title, ...more });
    const images = [
      image("docker-20-04", "Ubuntu Docker on Ubuntu 22.04"),
      image("ubuntu-24-04-x64"),
      image("ubuntu-22-04-x64", "Ubuntu", { visibility: "private" as const }),
      image("debian-12-x64"),
    ];

    expect(sameSystem(image("linode/debian12"), images).map(({ name }) => name)).toEqual(["debian-12-x64"]);
    expect(sameSystem(image("linode/ubuntu22.04"), images)).toEqual([]);
    expect(sameSystem(image("our-own-image"), images)).toEqual([]);
  });
});
