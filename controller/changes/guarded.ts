/** Whoever may write these could have a credential used, or allow themselves anything. */
const GUARDED = /^(accounts\/|fleet\.yaml$)/;

/** The first path of which what it says counts for how the others are executed. */
export const guardedPath = (paths: Iterable<string>): string | undefined =>
  [...paths].find((path) => GUARDED.test(path));
