/** A line that both texts have, or one only of the earlier or the later. */
export interface DiffLine {
  sign: " " | "-" | "+";
  text: string;
}

/** Longer ones take a square of this many steps to compare. */
const MOST_LINES = 2_000;

/** What differs between two texts, line by line; undefined for texts that are too long to compare. Pure. */
export function lineDiff(before: string, after: string): DiffLine[] | undefined {
  const [old, now] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  const [left, right] = [old.slice(start, old.length - end), now.slice(start, now.length - end)];
  if (left.length > MOST_LINES || right.length > MOST_LINES) return undefined;
  const same = (text: string): DiffLine => ({ sign: " ", text });
  return [...old.slice(0, start).map(same), ...between(left, right), ...old.slice(old.length - end).map(same)];
}

/** By the longest common subsequence. */
function between(left: readonly string[], right: readonly string[]): DiffLine[] {
  const width = right.length + 1;
  const common = new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i--)
    for (let j = right.length - 1; j >= 0; j--)
      common[i * width + j] =
        left[i] === right[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      lines.push({ sign: " ", text: left[i]! });
      i++;
      j++;
    } else if (j >= right.length || (i < left.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)) {
      lines.push({ sign: "-", text: left[i++]! });
    } else lines.push({ sign: "+", text: right[j++]! });
  }
  return lines;
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

const AROUND = 3;

/** Only what is near a line that differs; `gap` says that lines were left out. Pure. */
export function nearChanges(lines: readonly DiffLine[]): (DiffLine | "gap")[] {
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - AROUND), index + AROUND + 1).some(({ sign }) => sign !== " "),
  );
  return lines.flatMap((line, index): (DiffLine | "gap")[] => {
    if (near[index]) return [line];
    return index === 0 || near[index - 1] ? ["gap"] : [];
  });
}
