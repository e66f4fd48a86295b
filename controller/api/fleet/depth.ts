/** Whether a value of JSON has members within members beyond so many levels: what walks it by calling itself would run out of stack. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  let here: unknown[] = [value];
  for (let level = 0; here.length > 0; level += 1) {
    if (level > levels) return true;
    here = here.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return false;
}
