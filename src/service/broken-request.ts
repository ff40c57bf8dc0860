// What a client is told whose bytes are no request, or do not come in time.

import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { PROBLEM_TYPE, ProblemError, problemOf } from "./problem.ts";

/** Codes of Node's parser that mean something else than 400. */
const PROBLEMS: Record<string, [status: number, detail: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, "Expected the whole request to arrive in time."],
  HPE_HEADER_OVERFLOW: [431, "Expected headers of at most 16 KiB."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "Expected chunks with shorter extensions."],
};

/** Answers with a problem document, as far as somebody is there to read it, and hangs up. */
export function answerBroken({ code }: Error & { code?: string }, socket: Socket): void {
  if (code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, detail] = PROBLEMS[code ?? ""] ?? [400, "Expected a request of HTTP/1.1."];
  const body = JSON.stringify(problemOf(new ProblemError(status, detail)));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
