// A real server on loopback that takes what is sent to a webhook and answers as it is told.

import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What arrived. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** How a request is answered: with a status, a place to go to instead, or not at all. */
export type Answer = number | { location: string } | "never";

/** A server that keeps every request. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  /** For the next requests, in order; 202 after the last. */
  readonly answers: Answer[] = [];
  readonly #server: Server;
  #arrived = () => {};

  private constructor() {
    this.#server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const answer = this.answers.shift() ?? 202;
      this.received.push({ path: request.url!, headers: request.headers, body });
      if (typeof answer === "number") response.writeHead(answer).end("{}");
      else if (answer !== "never") response.writeHead(307, { Location: answer.location }).end();
      this.#arrived();
    });
  }

  static async open(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The bodies, once `count` requests have arrived. */
  async bodies(count: number): Promise<Record<string, unknown>[]> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    return this.received.map(({ body }) => JSON.parse(body));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
