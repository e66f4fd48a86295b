/** The page after this one, where the answer's `Link` names one. */
export const hasNextLink = (headers: Headers, page: number): number | undefined =>
  /;\s*rel="?next"?/i.test(headers.get("link") ?? "") ? page + 1 : undefined;

/** In UTC, as every forge reads it. */
export const instantOf = (since: string | undefined): string | undefined =>
  since === undefined ? undefined : new Date(since).toISOString();
