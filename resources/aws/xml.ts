import { XMLParser, XMLValidator } from "fast-xml-parser";

/** An element of an answer: texts stay texts, and what holds `item`s is an array. */
export interface XmlElement {
  [name: string]: XmlNode | undefined;
}
export type XmlNode = string | XmlElement | XmlNode[];

// Values are kept to the last blank: they are compared with what somebody wrote.
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => name === "item",
});
/** Elements that are lists, also when nothing is in them. */
const LIST = /(Set|Info|^groups|^gpus|^ipPermissions(Egress)?|^ipRanges|^ipv6Ranges|^prefixListIds)$/;

/**
 * The content of `<ActionResponse>`, or of an error's `<Response>` or `<ErrorResponse>`. Lists of EC2 hold elements named `item`, and an empty list is an empty element.
 *
 * @throws {SyntaxError} for anything else.
 */
export function parseXml(text: string, action: string): XmlElement {
  if (XMLValidator.validate(text) !== true) throw new SyntaxError("no XML");
  const document = parser.parse(text) as Record<string, unknown>;
  const root = document[`${action}Response`] ?? document.Response ?? document.ErrorResponse;
  if (typeof root !== "object" || root === null || Array.isArray(root)) throw new SyntaxError(`no ${action}Response`);
  return lists(root) as XmlElement;
}

function lists(node: unknown): XmlNode {
  if (Array.isArray(node)) return node.map(lists);
  if (typeof node !== "object" || node === null) return String(node ?? "");
  const { item } = node as { item?: unknown };
  if (Array.isArray(item)) return item.map(lists);
  return Object.fromEntries(
    Object.entries(node)
      // Blanks between elements.
      .filter(([name]) => name !== "#text")
      .map(([name, value]) => [name, value === "" && LIST.test(name) ? [] : lists(value)]),
  );
}

export function isElement(node: unknown): node is XmlElement {
  return typeof node === "object" && node !== null && !Array.isArray(node);
}
