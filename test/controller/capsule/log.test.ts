import { expect, it } from "vitest";
import { loggerOf, wireLog } from "../../../controller/capsule/log.ts";

const lines: string[] = [];
const { tell, hide } = wireLog({ debug: (fields, message) => void lines.push(JSON.stringify({ message, ...fields })) });
const at = { method: "POST", url: "https://cloud.example/v2/droplets?key=the-key-itself" };

it("logs requests, answers, errors and waiting, and nothing that is secret", () => {
  hide(["the-key-itself"]);
  const payload = { name: "web-1", root_pass: "hunter22", user_data: "#cloud-config", nested: { api_key: "abc" } };
  tell({ kind: "request", attempt: 1, payload, ...at });
  tell({ kind: "request", attempt: 1, payload: "Action=RunInstances&UserData=I2Nsb3Vk&Name=x", ...at });
  tell({
    kind: "response",
    status: 201,
    data: '{"id": 7, "default_password": "made-up", "text": "the-key-itself"}',
    ...at,
  });
  tell({ kind: "error", error: new Error("no connection"), ...at });
  tell({ kind: "retry", attempt: 1, waitMs: 1200.4, limited: true, ...at });

  const [request, form, response, error, retry] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(JSON.parse(request!.payload as string)).toEqual({
    name: "web-1",
    root_pass: "[redacted]",
    user_data: "[redacted]",
    nested: { api_key: "[redacted]" },
  });
  expect(request!.url).toBe("https://cloud.example/v2/droplets?key=[redacted]");
  expect(form!.payload).toBe("Action=RunInstances&UserData=[redacted]&Name=x");
  expect(response).toMatchObject({ status: 201, message: "response" });
  expect(error!.stack).toContain("no connection\n");
  expect(retry).toMatchObject({ wait_ms: 1200, message: expect.stringContaining("rate limited") });
  for (const secret of ["hunter22", "cloud-config", "abc", "made-up", "the-key-itself", "I2Nsb3Vk"])
    expect(lines.join("\n")).not.toContain(secret);
});

it("writes to standard error only where the environment asks for it", () => {
  expect(loggerOf(undefined)).toBeUndefined();
  expect(loggerOf("info")).toBeUndefined();
  expect(loggerOf("debug")).toBeDefined();
});
