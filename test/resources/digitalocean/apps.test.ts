import { expect, it } from "vitest";
import { appsOf } from "../../../resources/digitalocean/apps.ts";
import type { ShownImage } from "../../../resources/showcase.ts";

const image = (slug: string, kind: ShownImage["kind"], more: Partial<ShownImage> = {}): ShownImage => ({
  ...{ id: "1", slug, label: slug, description: "", distribution: "Ubuntu", isPublic: true, minDiskGiB: 25, kind },
  ...more,
});
const clicks = (...slugs: string[]) => slugs.map((slug) => ({ slug, type: "droplet" }));

it("calls an application by one word, and takes the newest of its versions whatever their order", () => {
  const found = appsOf(clicks("docker-18-04", "docker-22-04", "docker-20-04", "sharklabs"), []);

  expect(found.map(({ slug, image }) => [slug, image])).toEqual([
    ["docker", "docker-22-04"],
    ["sharklabs", "sharklabs"],
  ]);
});

it("joins it with the image that it is made from, and with the public systems of the same family", () => {
  const images = [
    image("ubuntu-22-04-x64", "distribution"),
    image("debian-12-x64", "distribution", { distribution: "Debian" }),
    image("7", "custom", { isPublic: false }),
    image("wordpress-20-04", "application", { label: "WordPress on Ubuntu 20.04", description: "Writes" }),
  ];

  expect(appsOf(clicks("wordpress-20-04"), images)).toEqual([
    {
      ...{ slug: "wordpress", name: "WordPress", description: "Writes", category: "CMS", image: "wordpress-20-04" },
      compatibleImages: ["ubuntu-22-04-x64"],
    },
  ]);
});

it("has texts for one that no image is known of", () => {
  expect(appsOf(clicks("oddity-22-04"), [image("ubuntu-22-04-x64", "distribution")])).toEqual([
    {
      ...{ slug: "oddity", name: "oddity", description: "", category: "Other", image: "oddity-22-04" },
      compatibleImages: [],
    },
  ]);
});
