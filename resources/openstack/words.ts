/**
 * A service's own words in an error. Nova and Keystone put them under one name (`{"itemNotFound": {"code", "message"}}`, `{"error": …}`), Neutron
 * under `NeutronError`, Glance at the top with marks of HTML in them.
 */
export function wordsOf(body: unknown): string | undefined {
  const message = messageIn(body);
  return message === undefined
    ? undefined
    : message
        .replace(/<[^>]*>/g, " ")
        .replace(/\s+/g, " ")
        .trim() || undefined;
}

function messageIn(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  for (const value of [body, ...Object.values(body)]) {
    if (typeof value !== "object" || value === null) continue;
    const { message } = value as { message?: unknown };
    if (typeof message === "string") return message;
  }
  const { NeutronError: neutron } = body as { NeutronError?: unknown };
  return typeof neutron === "string" ? neutron : undefined;
}

/** Whether a 404 is nova's own word that there is no such thing. */
export function novaSaysGone(body: unknown): boolean {
  const { itemNotFound } = (body ?? {}) as { itemNotFound?: { message?: unknown } };
  return typeof itemNotFound?.message === "string" && itemNotFound.message !== "";
}

/** Whether a 404 is Glance's own word that there is no such image. */
export function glanceSaysGone(body: unknown): boolean {
  return /^no image found with id|failed to find image/i.test(wordsOf(body) ?? glanceText(body) ?? "");
}

/** Of a body that is no JSON, or says it at the top. */
function glanceText(body: unknown): string | undefined {
  const text = typeof body === "string" ? body : (body as { message?: unknown } | null | undefined)?.message;
  return typeof text === "string" ? text.replace(/<[^>]*>/g, " ").trim() : undefined;
}

/** Whether a 404 is Neutron's own word that there is no such thing. */
export function neutronSaysGone(body: unknown): boolean {
  const { NeutronError: error } = (body ?? {}) as { NeutronError?: { type?: unknown } };
  return typeof error?.type === "string" && error.type.endsWith("NotFound");
}
