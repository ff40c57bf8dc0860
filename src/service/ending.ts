// The end of a server: connections are closed as soon as nothing runs on any of them.

import type { HttpApp } from "./http-app.ts";
import { ProblemError } from "./problem.ts";

/** Milliseconds that requests under way get at the end. */
const GRACE_MS = 10_000;

/**
 * Closes every connection of a server that ends once the last answer is sent, or when the grace is
 * over. Requests that still come are refused. By itself a server waits for clients that keep a
 * connection open or never send anything.
 */
export function endWithRequests(app: HttpApp): void {
  let running = 0;
  let isEnding = false;
  const cut = () => app.server.closeAllConnections();
  app.addHook("onRequest", async (_, reply) => {
    running += 1;
    reply.raw.once("close", () => {
      running -= 1;
      if (isEnding && running === 0) cut();
    });
    if (isEnding) throw new ProblemError(503, "The service is ending.", { Connection: "close" });
  });
  let grace: NodeJS.Timeout | undefined;
  app.addHook("preClose", async () => {
    isEnding = true;
    grace = setTimeout(cut, GRACE_MS);
    if (running === 0) cut();
  });
  app.addHook("onClose", async () => clearTimeout(grace));
}
