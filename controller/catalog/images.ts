import type { CatalogImage } from "../../resources/catalog.ts";

/** Names that one system goes by at one cloud or another; the first is ours. */
const SYSTEMS: readonly (readonly [name: string, ...words: string[]])[] = [
  ["almalinux", "almalinux", "alma"],
  ["rocky", "rockylinux", "rocky"],
  ["centos", "centos"],
  ["ubuntu", "ubuntu"],
  ["debian", "debian"],
  ["fedora", "fedora"],
  ["alpine", "alpine"],
  ["arch", "arch", "archlinux"],
  ["opensuse", "opensuse"],
  ["rhel", "rhel", "redhat"],
  ["freebsd", "freebsd"],
  ["flatcar", "flatcar"],
  ["windows", "windows"],
];

interface System {
  name: string;
  /** `12`, `24.04`; "" where it has none. */
  version: string;
}

/** The system in an image's name, or in its title: `linode/debian12`, `debian-12-x64` and `Debian 12` are one. */
export function systemOf({ name, title }: Pick<CatalogImage, "name" | "title">): System | undefined {
  return readSystem(name) ?? readSystem(title);
}

/** The images of another cloud that have the same system in the same version; plain ones before applications on it. */
export function sameSystem(
  wanted: Pick<CatalogImage, "name" | "title">,
  images: readonly CatalogImage[],
): CatalogImage[] {
  const system = systemOf(wanted);
  if (system === undefined) return [];
  return images.filter((image) => {
    const found = readSystem(image.name);
    return (
      image.visibility !== "private" && found?.name === system.name && isSameVersion(found.version, system.version)
    );
  });
}

function readSystem(text: string): System | undefined {
  const words = text
    .toLowerCase()
    // 24-04 and 24_04 are a version; 64bit and x86_64 are none.
    .replace(/\b(x86[_-]64|amd64|x64|64[- ]?bit|arm64|aarch64)\b/g, " ")
    .replace(/(\d+)[-_](\d{2})\b/g, "$1.$2")
    .replace(/([a-z])(\d)/g, "$1 $2")
    .split(/[^a-z0-9.]+/)
    .filter(Boolean);
  const at = words.findIndex((word) => SYSTEMS.some(([, ...names]) => names.includes(word)));
  if (at === -1) return undefined;
  const [name] = SYSTEMS.find(([, ...names]) => names.includes(words[at]!))!;
  const version = words.slice(at + 1).find((word) => /^\d+(\.\d+)*$/.test(word)) ?? "";
  return { name, version };
}

/** `12` is `12.5`, and `24.04` is not `24.10`. */
function isSameVersion(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}
