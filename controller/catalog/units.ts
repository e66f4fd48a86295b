const UNIT_MIB: Readonly<Record<string, number>> = {
  "": 1,
  m: 1,
  mib: 1,
  mb: 1,
  g: 1024,
  gib: 1024,
  gb: 1024,
  t: 1024 ** 2,
  tib: 1024 ** 2,
  tb: 1024 ** 2,
};

/** `4GiB`, `512MiB`, `4096` (MiB) in MiB; undefined for anything else. Sellers write GB and mean GiB. */
export function toMiB(text: string | number): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(String(text).trim()) ?? [];
  const factor = UNIT_MIB[unit.toLowerCase()];
  if (number === undefined || factor === undefined) return undefined;
  const mib = Number(number) * factor;
  return Number.isSafeInteger(mib) && mib > 0 ? mib : undefined;
}

/** The same in whole GiB; a bare number is GiB. */
export function toGiB(text: string): number | undefined {
  const mib = toMiB(/^[\d.]+$/.test(text.trim()) ? `${text.trim()}GiB` : text);
  return mib === undefined ? undefined : Math.ceil(mib / 1024);
}

/** `512 MiB`, `4 GiB`, `1.5 GiB`. */
export function memoryWords(mib: number): string {
  return mib < 1024 ? `${mib} MiB` : `${Number((mib / 1024).toFixed(1))} GiB`;
}
