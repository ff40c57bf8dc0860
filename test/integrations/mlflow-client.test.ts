// Requests to MLflow: what is repeated, what ends, what is said of it, what is never shown.

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { MlflowClient } from "../../src/integrations/mlflow/mlflow-client.ts";
import {
  type MlflowOptions,
  parseMlflowOptions,
} from "../../src/integrations/mlflow/mlflow-options.ts";
import { MlflowRegistry } from "../../src/integrations/mlflow/mlflow-registry.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on loopback that answers as it is told; the last answer stays. */
class Scripted {
  readonly requests: { method: string; url: string; authorization: string | undefined }[] = [];
  readonly #server: Server;

  constructor(answers: Answer[]) {
    this.#server = createServer((request, response) => {
      const { authorization } = request.headers;
      this.requests.push({ method: request.method!, url: request.url!, authorization });
      request.resume();
      (answers.length > 1 ? answers.shift()! : answers[0]!)(request, response);
    });
  }

  async open(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const json =
  (status: number, body: unknown): Answer =>
  (_, response) =>
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
const cut: Answer = (request) => request.socket.destroy();
const never: Answer = () => {};

let opened: Scripted | undefined;
afterEach(() => opened?.close());

async function client(answers: Answer[], options: Partial<MlflowOptions> = {}) {
  opened = new Scripted(answers);
  const url = await opened.open();
  return { client: new MlflowClient(parseMlflowOptions({ url, ...options })), server: opened };
}

const request = {
  method: "GET",
  path: "experiments/get",
  what: "tell",
  answer: z.object({ id: z.string() }),
} as const;
const post = { ...request, method: "POST", body: {} } as const;
const good = json(200, { id: "7" });

describe("a request", () => {
  it.each([
    ["a busy server", json(503, {})],
    ["a connection that is cut", cut],
  ])("that may be repeated is, after %s", async (_, first) => {
    for (const each of [request, { ...post, isRepeatable: true }]) {
      const { client: asking, server } = await client([first, good]);
      expect(await asking.ask(each)).toEqual({ id: "7" });
      expect(server.requests.length).toBe(2);
      server.close();
    }
  });

  it("that may not be repeated never is", async () => {
    for (const first of [json(503, {}), cut]) {
      const { client: asking, server } = await client([first, good]);
      await expect(asking.ask(post)).rejects.toMatchObject({ code: "FILE_FAILED" });
      expect(server.requests.length).toBe(1);
      server.close();
    }
  });

  it("is sent at most as often as it may be, and not again after a refusal", async () => {
    const busy = await client([json(503, {})], { maxAttempts: 2 });
    await expect(busy.client.ask(request)).rejects.toThrow("503");
    expect(busy.server.requests.length).toBe(2);
    busy.server.close();
    const refused = await client([json(400, { error_code: "X", message: "no" }), good]);
    await expect(refused.client.ask(request)).rejects.toThrow("400, no");
    expect(refused.server.requests.length).toBe(1);
  });

  it("ends at its time limit", async () => {
    const { client: asking } = await client([never], { timeoutMs: 30, maxAttempts: 1 });
    await expect(asking.ask(request)).rejects.toThrow("did not answer in time");
  });

  it("follows no redirect: credentials go to one server alone", async () => {
    const away: Answer = (_, response) => response.writeHead(302, { Location: "/x" }).end();
    const { client: asking, server } = await client([away, good], { token: "secret-token" });
    await expect(asking.ask(request)).rejects.toThrow("302");
    expect(server.requests.map(({ url }) => url)).toEqual(["/api/2.0/mlflow/experiments/get"]);
  });

  it("brings a token or a password", async () => {
    const token = await client([good], { token: "secret-token" });
    await token.client.ask(request);
    expect(token.server.requests[0]?.authorization).toBe("Bearer secret-token");
    token.server.close();
    const password = await client([good], { user: "me", password: "secret:word" });
    await password.client.ask(request);
    const expected = `Basic ${Buffer.from("me:secret:word").toString("base64")}`;
    expect(password.server.requests[0]?.authorization).toBe(expected);
  });
});

describe("an answer", () => {
  it.each([
    ["of another form", json(200, { other: 1 })],
    ["that is no JSON", ((_, response) => response.end("<html>")) as Answer],
  ])("%s is none of MLflow's", async (_, answer) => {
    const { client: asking } = await client([answer]);
    await expect(asking.ask(request)).rejects.toThrow("Is this the address of an MLflow");
  });

  it.each([
    [401, "does not know these credentials"],
    [403, "may not do that"],
  ])("with %i says what to look at", async (status, expected) => {
    const { client: asking } = await client([json(status, {})], { token: "secret-token" });
    const error = await asking.ask(request).catch((cause: Error) => cause);
    expect(error).toMatchObject({ code: "FILE_FAILED" });
    expect((error as Error).message).toContain(expected);
    expect((error as Error).message).not.toContain("secret");
  });

  it("that is longer than an artifact may be is not read to its end", async () => {
    let written = 0;
    const endless: Answer = (_, response) => {
      const more = () => {
        written += 65_536;
        if (response.write(Buffer.alloc(65_536))) setImmediate(more);
        else response.once("drain", more);
      };
      more();
    };
    const { client: asking } = await client([endless], { maxArtifactBytes: 100_000 });
    await expect(asking.download("1/a")).rejects.toThrow("more than 100000 bytes");
    expect(written).toBeLessThan(50_000_000);
  });
});

describe("MlflowRegistry", () => {
  it("keeps secrets and addresses out of what it says of wrong options", () => {
    const url = "https://mlflow.example";
    const wrong: [MlflowOptions, RegExp][] = [
      [{ url: "https://me:secret@mlflow.example" }, /"url"/],
      [{ url: "https://mlflow.example?secret=1" }, /"url"/],
      [{ url: "secret.example" }, /"url"/],
      [{ url, token: "secret\n" }, /"token"/],
      [{ url, password: "secret" }, /together/],
      [{ url, user: "me" }, /together/],
      [{ url, token: "secret", user: "me", password: "secret" }, /left out/],
    ];
    for (const [options, message] of wrong) {
      const error = (() => {
        try {
          return new MlflowRegistry(options);
        } catch (cause) {
          return cause as Error & { code: string };
        }
      })() as Error & { code: string };
      expect(error.code).toBe("OPTION_INVALID");
      expect(error.message).toMatch(message);
      expect(error.message).not.toContain("secret");
    }
    expect(() => new MlflowRegistry({ url, tokens: "x" } as MlflowOptions)).toThrow('"token"');
    expect(() => new MlflowRegistry({ url, maxAttempts: 11 })).toThrow("from 1 to 10");
  });

  it("names models as others find them, and refuses ids that are none", () => {
    expect(MlflowRegistry.nameOf("signal")).toBe("signal_incremental");
    expect(() => MlflowRegistry.nameOf("a' or '1'='1")).toThrow("to be 1 to 128 of");
  });
});
