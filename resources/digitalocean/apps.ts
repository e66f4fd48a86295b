import type { ShownApp, ShownImage } from "../showcase.ts";
import type { OneClick } from "./answers.ts";

/** The version of the system that it stands on ends an application's slug: `wordpress-20-04`. */
const VERSIONED = /^(.+)-(\d{2})-(\d{2})$/;

/** What DigitalOcean's own shop files its applications under; the API tells none. @see https://marketplace.digitalocean.com */
const CATEGORIES: readonly (readonly [category: string, slug: RegExp])[] = [
  ["CMS", /^(wordpress|ghost|drupal|joomla|strapi|directus|plone|concrete)/],
  ["Databases", /^(mongodb|mysql|postgresql|redis|influxdb|couchdb|mariadb|cassandra|phpmyadmin)/],
  ["E-commerce", /^(magento|woocommerce|prestashop|opencart)/],
  ["Monitoring", /^(grafana|prometheus|netdata|zabbix|uptime|elastic|kibana|graylog)/],
  ["Networking", /^(openvpn|wireguard|pritunl|nginx|caddy|traefik|haproxy|tailscale)/],
  ["Media", /^(jellyfin|plex|nextcloud|owncloud|jitsi|peertube)/],
  ["Games", /^(minecraft|counter|csgo|valheim)/],
  ["Machine Learning", /^(pytorch|tensorflow|jupyter|ai-ml|ollama|hugging)/],
  ["Control Panels", /^(plesk|cpanel|cyberpanel|cloudpanel|webmin|hestia|dokku|caprover|coolify)/],
  [
    "Development",
    /^(docker|lamp|lemp|mean|mern|node|django|rails|ruby|laravel|gitlab|gitea|jenkins|rabbitmq|kafka|go|php)/,
  ],
];
const OTHER = "Other";

/**
 * Applications by one word each, the newest version of each, joined with the images that they are made from: a 1-click itself has nothing but its
 * slug. Pure.
 */
export function appsOf(oneClicks: readonly OneClick[], images: readonly ShownImage[]): ShownApp[] {
  const newest = new Map<string, string>();
  for (const { slug: image } of oneClicks) {
    const slug = VERSIONED.exec(image)?.[1] ?? image;
    const before = newest.get(slug);
    if (before === undefined || versionOf(image) > versionOf(before)) newest.set(slug, image);
  }
  const bySlug = new Map(images.map((one) => [one.slug, one]));
  return [...newest].map(([slug, image]) => appOf(slug, image, bySlug.get(image), images));
}

function appOf(slug: string, image: string, made: ShownImage | undefined, images: readonly ShownImage[]): ShownApp {
  const distribution = made?.distribution ?? "";
  const isPlain = (one: ShownImage) => one.kind === "distribution" && one.isPublic && one.distribution === distribution;
  return {
    slug,
    name: made === undefined ? slug : withoutSystem(made.label, distribution),
    description: made?.description ?? "",
    category: CATEGORIES.find(([, pattern]) => pattern.test(slug))?.[0] ?? OTHER,
    image,
    compatibleImages: distribution === "" ? [] : images.filter(isPlain).map((one) => one.slug),
  };
}

/** 2004 of `wordpress-20-04`. */
function versionOf(image: string): number {
  const [, , year = "0", month = "0"] = VERSIONED.exec(image) ?? [];
  return Number(year) * 100 + Number(month);
}

/** "WordPress on Ubuntu 22.04" is WordPress. */
function withoutSystem(label: string, distribution: string): string {
  const at = distribution === "" ? -1 : label.indexOf(` on ${distribution}`);
  return at > 0 ? label.slice(0, at) : label;
}
