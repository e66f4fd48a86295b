import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";

/** The official description of an API, for holding requests and answers against it. */
export interface Spec {
  /** What is wrong with an answer: each entry says where and why. Empty when it is as described. */
  checkResponse(method: string, path: string, status: number, body: unknown): string[];
  /** What is wrong with a request's body. Values of a form may be strings. */
  checkRequest(method: string, path: string, body: unknown): string[];
}

type Json = Record<string, unknown>;
interface Media {
  content?: Record<string, { schema?: unknown }>;
  $ref?: string;
}
interface Operation {
  requestBody?: Media;
  responses: Record<string, Media>;
  /** Swagger 2.0 has the body among these. */
  parameters?: { in: string }[];
}

/** What a description says and its API does not mean; complaints that match are left out. */
const DEFECTS: Record<string, RegExp[]> = {
  hivelocity: [
    // Described for a device's services, events and order, and forgotten for the device: one that went between two requests is not there.
    /^GET \/api\/v2\/device\/\d+: status 404 is not described/,
  ],
  linode: [
    // The text "a-z, A-Z, 0-9, /, _, -" stands there as a regular expression, which no device path matches.
    /\/root_device must match pattern/,
    // The policies are required by one half of the schema and forbidden as additional by the other.
    /^POST \/v4(beta)?\/networking\/firewalls: \/rules must NOT have additional properties .*"(in|out)bound_policy"/,
  ],
};

/** For `describe.skipIf` and the reason beside it. */
export const SPECS_ABSENT = "skipped: the API descriptions are not beside this checkout (../shared/specs)";

/**
 * Loads `../shared/specs/NAME.json` (OpenAPI or Swagger 2.0), seen from the root of the repository; undefined where it is absent.
 * Paths may carry the version or the path of the description's server: `/v4/linode/types`, `/api2/json/version`. `prepare` may choose among alternatives of the description.
 */
export function loadSpec(name: string, prepare: (document: Json) => Json = (document) => document): Spec | undefined {
  const file = fileURLToPath(new URL(`../../../shared/specs/${name}.json`, import.meta.url));
  if (!existsSync(file)) return undefined;
  return new OpenApi(prepare(JSON.parse(readFileSync(file, "utf8")) as Json), name);
}

class OpenApi implements Spec {
  #document: Json;
  #id: string;
  #strict: Ajv;
  #form: Ajv;
  #templates: { template: string; pattern: RegExp; parameters: number }[];
  #validators = new Map<string, ValidateFunction>();
  #defects: RegExp[];

  constructor(document: Json, name: string) {
    this.#document = document;
    this.#id = `spec:${name}`;
    this.#defects = DEFECTS[name] ?? [];
    const options = { strict: false, unicodeRegExp: false, validateFormats: false, allErrors: true } as const;
    this.#strict = new Ajv(options);
    this.#form = new Ajv({ ...options, coerceTypes: true });
    for (const ajv of [this.#strict, this.#form]) ajv.addSchema(document, this.#id);
    this.#templates = Object.keys(document.paths as Json)
      .map((template) => ({
        template,
        pattern: new RegExp(`^${template.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{[^}]+\}/g, "[^/]+")}$`),
        parameters: template.split("{").length - 1,
      }))
      // `/regions/availability` is no region: the template with the fewest parameters is meant.
      .sort((one, other) => one.parameters - other.parameters);
  }

  checkResponse(method: string, path: string, status: number, body: unknown): string[] {
    const found = this.#operation(method, path);
    if (!found) return [`${method} ${path} is not described`];
    const { responses } = found.operation;
    const key = [String(status), `${String(status)[0]}XX`, "default"].find((candidate) => responses[candidate]);
    if (!key) return [`${method} ${path}: status ${status} is not described`];
    return this.#check([...found.pointer, "responses", key], body, `${method} ${path} ${status}`);
  }

  checkRequest(method: string, path: string, body: unknown): string[] {
    const found = this.#operation(method, path);
    if (!found) return [`${method} ${path} is not described`];
    if (found.operation.requestBody) {
      return this.#check([...found.pointer, "requestBody"], body, `${method} ${path}`);
    }
    const inBody = (found.operation.parameters ?? []).findIndex((parameter) => parameter.in === "body");
    if (inBody >= 0) return this.#check([...found.pointer, "parameters", String(inBody)], body, `${method} ${path}`);
    const isEmpty = body === undefined || body === null || Object.keys(body as object).length === 0;
    return isEmpty ? [] : [`${method} ${path} takes no body`];
  }

  #operation(method: string, path: string): { operation: Operation; pointer: string[] } | undefined {
    const verb = method.toLowerCase();
    for (const candidate of [path, ...this.#serverPaths().map((prefix) => path.slice(prefix.length))]) {
      for (const { template, pattern } of this.#templates) {
        if (!pattern.test(candidate)) continue;
        const operation = ((this.#document.paths as Json)[template] as Json)[verb] as Operation | undefined;
        if (operation) return { operation, pointer: ["paths", template, verb] };
      }
    }
    return undefined;
  }

  #serverPaths(): string[] {
    const { basePath } = this.#document as { basePath?: string };
    const servers = (this.#document.servers ?? [{ url: basePath ?? "" }]) as { url: string }[];
    return servers
      .map(({ url }) => url.replace(/^[a-z]+:\/\/[^/]+/, "").replace(/\/$/, ""))
      .filter((prefix) => prefix !== "");
  }

  #check(pointer: string[], body: unknown, what: string): string[] {
    const media = this.#resolve(pointer);
    // Swagger 2.0 has the schema of JSON right here.
    if ("schema" in (media.value as object)) return this.#validate([...media.pointer, "schema"], body, what, false);
    const content = (media.value as Media).content ?? {};
    const type = ["application/json", ...Object.keys(content)].find((candidate) => content[candidate]?.schema);
    if (!type) return [];
    return this.#validate([...media.pointer, "content", type, "schema"], body, what, type !== "application/json");
  }

  #validate(pointer: string[], body: unknown, what: string, isForm: boolean): string[] {
    const validate = this.#validator(pointer, isForm);
    if (validate(isForm ? structuredClone(body) : body)) return [];
    return (validate.errors ?? [])
      .filter((error) => !(isForm && isFormBoolean(error, body)))
      .map(({ instancePath, message, params }) => {
        return `${what}: ${instancePath || "(body)"} ${message} ${JSON.stringify(params)}`;
      })
      .filter((complaint) => !this.#defects.some((defect) => defect.test(complaint)));
  }

  #validator(pointer: string[], isForm: boolean): ValidateFunction {
    const fragment = pointer.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")));
    const $ref = `${this.#id}#/${fragment.join("/")}`;
    let validate = this.#validators.get($ref);
    if (!validate) {
      validate = (isForm ? this.#form : this.#strict).compile({ $ref });
      this.#validators.set($ref, validate);
    }
    return validate;
  }

  /** The value at a pointer, and where it stands once `$ref`s of the description itself are followed. */
  #resolve(pointer: string[]): { value: unknown; pointer: string[] } {
    const value = pointer.reduce<unknown>((node, part) => (node as Json)[part], this.#document);
    const { $ref } = value as { $ref?: string };
    if (!$ref) return { value, pointer };
    return this.#resolve(
      $ref
        .slice(2)
        .split("/")
        .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")),
    );
  }
}

/** A form says yes and no in several words, of which the coercion of types knows two. */
function isFormBoolean({ keyword, params, instancePath }: ErrorObject, body: unknown): boolean {
  if (keyword !== "type" || params.type !== "boolean") return false;
  const value = instancePath
    .split("/")
    .slice(1)
    .reduce<unknown>((node, part) => (node as Json | undefined)?.[part], body);
  return typeof value === "string" && /^(0|1|yes|no|on|off)$/.test(value);
}
