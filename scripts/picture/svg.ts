/** Text of a terminal with SGR escapes, drawn as an SVG. Only what picocolors writes is known. */

interface Style {
  bold: boolean;
  dim: boolean;
  color?: string;
}

interface Run extends Style {
  column: number;
  text: string;
}

const COLORS: Readonly<Record<number, string>> = {
  31: "#ff7b72",
  32: "#7ee787",
  33: "#e3b341",
  34: "#79c0ff",
  35: "#d2a8ff",
  36: "#56d4dd",
};
const FOREGROUND = "#d1d7e0";
const BACKGROUND = "#0d1117";
const BAR = "#1c2128";

const CHARACTER = 7.8;
const LINE = 18;
const MARGIN = 18;
const BAR_HEIGHT = 30;

/** @param title stands in the window's bar. */
export function svgOf(lines: string[], title: string): string {
  const rows = lines.map(runsOf);
  const columns = Math.max(title.length + 12, ...rows.flat().map(({ column, text }) => column + [...text].length));
  const width = Math.ceil(columns * CHARACTER + 2 * MARGIN);
  const height = BAR_HEIGHT + 2 * MARGIN + rows.length * LINE - 6;
  const buttons = ["#ff5f57", "#febc2e", "#28c840"].map(
    (color, index) => `<circle cx="${MARGIN + 2 + index * 18}" cy="${BAR_HEIGHT / 2}" r="5.5" fill="${color}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>
<path d="M0 ${BAR_HEIGHT}V8a8 8 0 0 1 8-8H${width - 8}a8 8 0 0 1 8 8V${BAR_HEIGHT}z" fill="${BAR}"/>
${buttons.join("")}
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" xml:space="preserve" fill="${FOREGROUND}">
<text x="${width / 2}" y="${BAR_HEIGHT / 2 + 4.5}" text-anchor="middle" fill="#9198a1">${escaped(title)}</text>
${rows.map((runs, row) => rowOf(runs, BAR_HEIGHT + MARGIN + 8 + row * LINE)).join("\n")}
</g>
</svg>
`;
}

/** Every run has its own place and length, so that columns stand whatever font there is. */
function rowOf(runs: Run[], y: number): string {
  const spans = runs.map(({ column, text, bold, dim, color }) => {
    const length = [...text].length;
    const place = `x="${fixed(MARGIN + column * CHARACTER)}" textLength="${fixed(length * CHARACTER)}"`;
    const look = `${bold ? ' font-weight="600"' : ""}${dim ? ' fill-opacity="0.6"' : ""}${color ? ` fill="${color}"` : ""}`;
    return `<tspan ${place}${look}>${escaped(text)}</tspan>`;
  });
  return spans.length === 0 ? "" : `<text y="${y}">${spans.join("")}</text>`;
}

/** A line's text in runs of one look; blanks between them are left out. */
export function runsOf(line: string): Run[] {
  const runs: Run[] = [];
  let style: Style = { bold: false, dim: false };
  let column = 0;
  // Escapes and text alternate.
  for (const [index, part] of line.split(/\u001b\[([\d;]*)m/).entries()) {
    if (index % 2 === 1) {
      style = part.split(";").reduce((before, code) => after(before, Number(code)), style);
      continue;
    }
    for (const piece of part.matchAll(/\S+(?: \S+)*/g)) {
      runs.push({ ...style, column: column + [...part.slice(0, piece.index)].length, text: piece[0] });
    }
    column += [...part].length;
  }
  return runs;
}

function after(style: Style, code: number): Style {
  const { bold, dim } = style;
  if (code === 0) return { bold: false, dim: false };
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 39) return { bold, dim };
  const color = COLORS[code];
  return color === undefined ? style : { bold, dim, color };
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const fixed = (value: number): string => String(Math.round(value * 100) / 100);
