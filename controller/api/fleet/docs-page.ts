import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import { type Description, type Operation, PROBLEM_CODES } from "./openapi.ts";
import { statusOf, TITLES } from "./problems.ts";

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d0d7de, #3d444d); --soft: light-dark(#57606a, #9198a1); --back: light-dark(#f6f8fa, #151b23); --link: light-dark(#0550ae, #71b7ff); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
a { color: var(--link); }
nav ul { columns: 12rem; padding-left: 1.2rem; }
article { border-top: 1px solid var(--line); padding: .5rem 0; }
h3 { margin: .5rem 0; font-size: 1rem; overflow-wrap: anywhere; }
code, pre { font: .875rem/1.45 ui-monospace, monospace; background: var(--back); border-radius: 4px; padding: .1em .3em; }
pre { padding: .75rem; overflow-x: auto; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top; }
.role { color: var(--soft); }
`;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

interface ShownParameter {
  name: string;
  in: string;
  description: string;
  required?: boolean;
  schema: object;
}

interface ShownAnswer {
  description?: string;
  $ref?: string;
  content?: Record<string, { schema: object }>;
}

/** Anybody may ask for it, so it is written once. */
const written = new WeakMap<Description, Promise<string>>();

/** The description for people: one page, with nothing from elsewhere and no scripts. */
export async function docsPage(description: Description): Promise<Response> {
  const page = written.get(description) ?? write(description);
  written.set(description, page);
  return new Response(await page, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "public, no-cache",
      "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    },
  });
}

async function write({ info, tags, paths, components }: Description): Promise<string> {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} API ${info.version}</title><style>${raw(STYLE)}</style></head>
<body><header><h1>${info.title} API ${info.version}</h1><p>${info.description}</p>
<p>The same for programs: <a href="/openapi.json">/openapi.json</a>.</p></header>
<nav aria-label="Parts"><ul>${tags.map(({ name }) => html`<li><a href="#${name}">${name}</a></li>`)}
<li><a href="#objects">shapes</a></li><li><a href="#problems">problems</a></li></ul></nav>
<main>${tags.map(
    ({
      name,
      description,
    }) => html`<section aria-labelledby="${name}"><h2 id="${name}">${name}</h2><p>${description}</p>
${operations
  .filter(({ operation }) => operation.tags.includes(name))
  .map(({ path, method, operation }) => article(path, method, operation))}</section>`,
  )}
<section><h2 id="objects">Shapes</h2>${Object.entries(components.schemas).map(
    ([name, schema]) => html`<details id="shape-${name}"><summary>${name}</summary>${json(schema)}</details>`,
  )}</section>
<section><h2 id="problems">Problems</h2><p>Whatever is not answered is told as <code>application/problem+json</code>, with one of these codes.</p>
<table><thead><tr><th scope="col">code</th><th scope="col">status</th><th scope="col">title</th></tr></thead><tbody>
${PROBLEM_CODES.map((code) => html`<tr id="problem-${code}"><td><code>${code}</code></td><td>${statusOf(code)}</td><td>${TITLES[code]}</td></tr>`)}
</tbody></table></section></main></body></html>`;
  return String(await page);
}

function article(path: string, method: string, operation: Operation) {
  const parameters = (operation.parameters ?? []) as ShownParameter[];
  return html`<article id="${operation.operationId}"><h3><code>${method.toUpperCase()} ${path}</code></h3>
<p>${operation.summary} <span class="role">(${operation["x-required-role"]})</span></p>
${operation.description === undefined ? "" : html`<p>${operation.description}</p>`}
${parameters.length === 0 ? "" : parameterTable(parameters)}
${operation.requestBody === undefined ? "" : html`<details><summary>Body</summary>${json(operation.requestBody)}</details>`}
${Object.entries(operation.responses as Record<string, ShownAnswer>)
  .filter(([, { $ref }]) => $ref === undefined)
  .map(([status, answer]) => shownAnswer(status, answer))}</article>`;
}

function parameterTable(parameters: readonly ShownParameter[]) {
  return html`<table><thead><tr><th scope="col">parameter</th><th scope="col">in</th><th scope="col">what</th><th scope="col">schema</th></tr></thead><tbody>
${parameters.map(
  ({ name, in: place, required, description, schema }) =>
    html`<tr><td><code>${name}</code></td><td>${place}</td><td>${description}${required ? " Required." : ""}</td><td><code>${JSON.stringify(schema)}</code></td></tr>`,
)}</tbody></table>`;
}

function shownAnswer(status: string, { description, content }: ShownAnswer) {
  const [entry] = Object.entries(content ?? {});
  const head = `${status} ${description}`;
  if (entry === undefined) return html`<p>${head}</p>`;
  return html`<details><summary>${head} (${entry[0]})</summary>${json(entry[1].schema)}</details>`;
}

const json = (value: unknown) => html`<pre tabindex="0">${JSON.stringify(value, undefined, 2)}</pre>`;
