import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isElement } from "../../resources/aws/xml.ts";

interface Shape {
  type: string;
  members?: Record<string, Member>;
  member?: Member;
  required?: string[];
  enum?: string[];
}
interface Member {
  shape: string;
  locationName?: string;
  queryName?: string;
}
interface Model {
  operations: Record<string, { input?: { shape: string }; output?: { shape: string } }>;
  shapes: Record<string, Shape>;
}

/** EC2's official model (botocore's), for holding requests and answers against it; undefined where it is not beside this checkout. */
export function loadModel(): Ec2Model | undefined {
  const file = fileURLToPath(new URL("../../../shared/specs/aws-ec2.json", import.meta.url));
  return existsSync(file) ? new Ec2Model(JSON.parse(readFileSync(file, "utf8")) as Model) : undefined;
}

export class Ec2Model {
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
  }

  /** What is wrong with the fields of a form; empty when it is as described. */
  checkRequest(form: URLSearchParams): string[] {
    const action = form.get("Action") ?? "";
    const operation = this.#model.operations[action];
    if (!operation) return [`${action} is no action`];
    const input = operation.input?.shape;
    const given = [...form].filter(([name]) => name !== "Action" && name !== "Version");
    const complaints = given.flatMap(([name, value]) =>
      input ? this.#field(input, name.split("."), value, `${action} ${name}`) : [name],
    );
    const required = (input && this.#model.shapes[input]?.required) || [];
    const names = required.map((member) => queryName(member, this.#model.shapes[input!]!.members![member]!));
    const absent = names.filter((wanted) => !given.some(([name]) => name.split(".")[0] === wanted));
    return [...complaints, ...absent.map((name) => `${action} lacks ${name}`)];
  }

  /** What an answer holds that its action does not answer. */
  checkAnswer(action: string, answer: unknown): string[] {
    const output = this.#model.operations[action]?.output?.shape;
    if (!output || !isElement(answer)) return [`${action} answers nothing`];
    const { requestId: _, ...members } = answer;
    return this.#element(output, members, action);
  }

  #field(shapeName: string, path: string[], value: string, where: string): string[] {
    const shape = this.#model.shapes[shapeName];
    const [segment, ...rest] = path;
    if (!shape) return [`${where}: unknown shape ${shapeName}`];
    if (shape.type === "structure") {
      const member = Object.entries(shape.members ?? {}).find(([name, each]) => queryName(name, each) === segment);
      return member ? this.#field(member[1].shape, rest, value, where) : [`${where}: ${shapeName} has no ${segment}`];
    }
    if (shape.type === "list") {
      if (!/^[1-9]\d*$/.test(segment ?? "")) return [`${where}: ${shapeName} is a list`];
      return this.#field(shape.member!.shape, rest, value, where);
    }
    if (path.length > 0) return [`${where}: ${shapeName} has no members`];
    if (shape.type === "boolean" && !/^(true|false)$/.test(value)) return [`${where}: ${value} is no boolean`];
    if (/^(integer|long)$/.test(shape.type) && !/^-?\d+$/.test(value)) return [`${where}: ${value} is no number`];
    // Instance types are too many for the trimmed model.
    return shape.enum && shapeName !== "InstanceType" && !shape.enum.includes(value)
      ? [`${where}: ${value} is none of ${shapeName}`]
      : [];
  }

  #element(shapeName: string, value: unknown, where: string): string[] {
    const shape = this.#model.shapes[shapeName];
    if (shape?.type === "list") {
      if (!Array.isArray(value)) return [`${where} is no list`];
      return value.flatMap((item, index) => this.#element(shape.member!.shape, item, `${where}[${index}]`));
    }
    if (shape?.type !== "structure") return typeof value === "string" ? [] : [`${where} is no text`];
    if (!isElement(value)) return [`${where} is no element`];
    return Object.entries(value).flatMap(([name, each]) => {
      const member = Object.entries(shape.members ?? {}).find(
        ([own, { locationName }]) => (locationName ?? own) === name,
      );
      return member ? this.#element(member[1].shape, each, `${where}.${name}`) : [`${where} has no ${name}`];
    });
  }
}

/** The protocol's rule: `queryName`, else the location's name with a capital, else the member's own. */
function queryName(name: string, { queryName: own, locationName }: Member): string {
  return own ?? (locationName ? locationName[0]!.toUpperCase() + locationName.slice(1) : name);
}
