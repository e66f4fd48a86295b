// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
export type Json = any;

/** For `expect.poll`: the machine may be busy with other tests. */
export const WAIT = { interval: 5, timeout: 15_000 };

/** An answer with its JSON read; `body` is undefined when there was none. */
export interface Answer<T = Json> {
  status: number;
  headers: Headers;
  body: T;
}

/** Talks to a simulator as a bare client would. */
export function clientOf(url: string, headers: Record<string, string>) {
  return async <T = Json>(
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<Answer<T>> => {
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }), ...more },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === "" ? undefined : JSON.parse(text)) as T,
    };
  };
}
