import type { HttpBindings } from "@hono/node-server";
import { drop, empty, omit, truncate } from "./answers.ts";
import { CallCounter, routeOf } from "./calls.ts";
import { FaultBook } from "./faults.ts";
import type { SimulatedCloud } from "./kit.ts";
import type { Fault } from "./simulator.ts";

/** What stands before a simulated cloud: counts the calls and injects the faults. */
export class Front {
  readonly calls = new CallCounter();
  readonly faults = new FaultBook();
  #cloud: SimulatedCloud;

  constructor(cloud: SimulatedCloud) {
    this.#cloud = cloud;
  }

  async handle(request: Request, env: HttpBindings): Promise<Response> {
    const { method } = request;
    const path = (await this.#cloud.pathOf?.(request.clone())) ?? new URL(request.url).pathname;
    const count = (status: number) => this.calls.record(method, (this.#cloud.routeOf ?? routeOf)(path), status);
    const answer = async (taken: Request): Promise<Response> => {
      const response = await this.#cloud.app.fetch(taken, env);
      count(response.status);
      return response;
    };

    const taken = this.faults.take(method, path);
    if (!taken) return answer(request);
    return this.#act(taken.fault, taken.giveBack, { request, env, count, answer });
  }

  async #act(
    { action }: Fault,
    giveBack: () => void,
    call: {
      request: Request;
      env: HttpBindings;
      count: (status: number) => void;
      answer: (request: Request) => Promise<Response>;
    },
  ): Promise<Response> {
    const { request, env, count, answer } = call;
    switch (action.kind) {
      case "status": {
        count(action.status);
        const body = "body" in action ? action.body : this.#cloud.errorBody(action.status, "injected fault");
        if (body instanceof Response) return body;
        return Response.json(body, { status: action.status, headers: action.headers ?? {} });
      }
      case "delay": {
        const response = await answer(request);
        await this.#cloud.clock.sleep(action.ms);
        return response;
      }
      case "dropBefore":
        count(0);
        return drop(env);
      case "dropAfter":
        await answer(request);
        return drop(env);
      case "late": {
        // The body is taken in now: once the caller is gone it cannot be read any more.
        const whole = await buffered(request);
        await this.#cloud.clock.sleep(action.ms);
        return answer(whole);
      }
      case "truncate":
        return truncate(await answer(request), env);
      case "omit": {
        const response = await answer(request);
        const shortened = await omit(response, action.id);
        if (!shortened) giveBack();
        return shortened ?? response;
      }
      case "empty":
        return empty(await answer(request));
    }
  }
}

async function buffered(request: Request): Promise<Request> {
  const { method, url, headers } = request;
  if (method === "GET" || method === "HEAD") return new Request(url, { method, headers });
  return new Request(url, { method, headers, body: await request.arrayBuffer() });
}
