/** Detailed monitoring, which moto cannot switch: remembered here, and written into what moto tells of instances. */
export class Monitoring {
  readonly #states = new Map<string, "enabled" | "disabled">();

  /** The answer to `MonitorInstances` and `UnmonitorInstances`; undefined for any other action. */
  take(action: string, fields: URLSearchParams): string | undefined {
    if (action !== "MonitorInstances" && action !== "UnmonitorInstances") return undefined;
    const state = action === "MonitorInstances" ? "enabled" : "disabled";
    const ids = [...fields].filter(([name]) => /^InstanceId\.\d+$/.test(name)).map(([, id]) => id);
    for (const id of ids) this.#states.set(id, state);
    const items = ids.map(
      (id) => `<item><instanceId>${id}</instanceId><monitoring><state>${state}</state></monitoring></item>`,
    );
    return `<?xml version="1.0" encoding="utf-8"?><${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15"><instancesSet>${items.join("")}</instancesSet></${action}Response>`;
  }

  /** An instance's monitoring stands behind its id. */
  tell(text: string): string {
    if (this.#states.size === 0) return text;
    return text.replace(
      /(<instanceId>(i-[0-9a-f]+)<\/instanceId>(?:(?!<instanceId>)[\s\S])*?<monitoring><state>)(\w+)/g,
      (_all, before: string, id: string, state: string) => before + (this.#states.get(id) ?? state),
    );
  }
}
