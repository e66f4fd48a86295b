/** One security advisory about a dependency, as `npm audit --json` tells it. */
export interface Advisory {
  /** `GHSA-…`; npm's own number where the address has none. */
  id: string;
  package: string;
  severity: string;
  title: string;
}

/** An advisory that may stand until a day, from `.ci/audit-allowed.yaml`. */
export interface Allowed {
  id: string;
  /** Last day, `2026-12-31`. */
  until: string;
  reason: string;
}

/** What the registry says; `unanswered` when it says nothing of advisories, with the reason. */
export type Report = { advisories: Advisory[] } | { unanswered: string };

const GRAVE = new Set(["high", "critical"]);

interface Via {
  source: number;
  name: string;
  title: string;
  url: string;
  severity: string;
}

/** Reads what npm printed. Registries that have no audit endpoint, or are not reached, are answered with an object that has no report in it. */
export function readReport(stdout: string): Report {
  let answer: {
    vulnerabilities?: Record<string, { via: (Via | string)[] }>;
    message?: string;
    error?: { summary?: string };
  };
  try {
    answer = JSON.parse(stdout) as typeof answer;
  } catch {
    return { unanswered: "npm audit printed no report" };
  }
  if (answer.vulnerabilities === undefined)
    return { unanswered: answer.message || answer.error?.summary || "npm audit printed no report" };
  // A name in `via` is a package that has the advisory itself, and stands there too.
  const advisories = Object.values(answer.vulnerabilities)
    .flatMap(({ via }) => via)
    .filter((one) => typeof one !== "string")
    .map(({ source, name, title, url, severity }) => ({
      id: /GHSA(-[0-9a-z]{4}){3}$/.exec(url)?.[0] ?? String(source),
      package: name,
      severity,
      title,
    }));
  return { advisories: [...new Map(advisories.map((one) => [`${one.id} ${one.package}`, one])).values()] };
}

/** What must be mended: grave advisories that are not allowed today. @param today `2026-11-30` */
export function refused(advisories: readonly Advisory[], allowed: readonly Allowed[], today: string): Advisory[] {
  const may = new Set(allowed.filter(({ until }) => until >= today).map(({ id }) => id));
  return advisories.filter(({ id, severity }) => GRAVE.has(severity) && !may.has(id));
}
