import { html } from "hono/html";
import type { ChangedFile } from "../../changes/files.ts";
import { kindOfPath, parseFleetFile } from "../../fleet/file.ts";
import { lineDiff, nearChanges } from "./line-diff.ts";
import { type Markup, nothing } from "./markup.ts";
import { empty } from "./words.ts";

const WORDS = { "-": "removed: ", "+": "added: ", " ": "" } as const;

/** A file before and after, line by line, without what may hold secrets. */
export function fileDiff({ path, before, after }: ChangedFile): Markup {
  const what = before === undefined ? "new" : after === undefined ? "removed" : "changed";
  return html`<figure class="file"><figcaption><code>${path}</code> <small>${what}</small></figcaption>${lines(path, before, after)}</figure>`;
}

function lines(path: string, before: string | undefined, after: string | undefined): Markup {
  // What is no fleet file is user data, or somebody's own.
  if (kindOfPath(path) === undefined) return empty("Its text is not shown.");
  const [old, now] = [shown(before), shown(after)];
  if (old === undefined || now === undefined) return empty("Its text is not shown: it holds user data.");
  const diff = lineDiff(old, now);
  if (diff === undefined) return empty("It is too long to be compared here.");
  return html`<pre class="diff" tabindex="0"><code>${nearChanges(diff).map((line) =>
    line === "gap"
      ? html`<span class="gap">⋯</span>`
      : html`<span class="${line.sign === "+" ? "added" : line.sign === "-" ? "removed" : "same"}"><span class="sign" aria-hidden="true">${line.sign}</span>${
          line.sign === " " ? nothing : html`<span class="unseen">${WORDS[line.sign]}</span>`
        }${line.text}\n</span>`,
  )}</code></pre>`;
}

const USER_DATA = /^(["']?userData["']?:)[^\n]*(?:\n(?:[ \t]+[^\n]*|[ \t]*)(?=\n|$))*/m;

/** The text with user data left out; undefined where that cannot be told from the rest of it. Pure. */
export function shown(text: string | undefined): string | undefined {
  if (text === undefined) return "";
  if (!text.includes("userData")) return text;
  const hidden = text.replace(USER_DATA, "$1 (hidden)");
  const fields = parseFleetFile(text).fields as { userData?: { text?: string } } | undefined;
  const secret =
    fields === undefined
      ? [text]
      : (fields.userData?.text ?? "")
          .split("\n")
          .map((line) => line.trim())
          .filter((line) => line.length > 3);
  return secret.some((line) => hidden.includes(line)) ? undefined : hidden;
}
