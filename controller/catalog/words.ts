/** `the cloud did not answer (…); this is its catalogue of 3 h ago`. */
export const staleWords = (ageMs: number, reason: string): string =>
  `the catalogue could not be read (${reason}); the last one, ${ageWords(ageMs)} old, takes its place`;

/** `40 s`, `12 min`, `3 h`, `2 d`. */
export function ageWords(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 1) return `${Math.max(0, Math.round(ms / 1000))} s`;
  if (minutes < 90) return `${Math.round(minutes)} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} d`;
}
