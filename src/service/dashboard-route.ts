// The dashboard at `/`: one document with its style and script in it, and nothing from elsewhere.

import { createHash } from "node:crypto";
import {
  dashboardPage,
  dashboardScript,
  dashboardStyle,
} from "../../build/generated/dashboard-page.ts";
import type { HttpApp } from "./http-app.ts";

/** The document: the page with its style and script in the places that are empty for them. */
function documentText(): string {
  return dashboardPage
    .replace("<style></style>", () => `<style>${dashboardStyle}</style>`)
    .replace(
      '<script type="module"></script>',
      () => `<script type="module">${dashboardScript}</script>`,
    );
}

function sourceOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** Lets the page run its own style and script, and reach this service alone. */
function contentSecurityPolicy(): string {
  return [
    "default-src 'none'",
    `script-src ${sourceOf(dashboardScript)}`,
    `style-src ${sourceOf(dashboardStyle)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/** Adds `GET /`. The page has no data in it, so it needs no key; what it asks for does. */
export function addDashboardRoute(app: HttpApp): void {
  const text = documentText();
  const headers = {
    "Content-Security-Policy": contentSecurityPolicy(),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  };
  app.get(
    "/",
    { config: { scope: "anyone" }, logLevel: "warn", schema: { hide: true } },
    async (_, reply) => reply.headers(headers).type("text/html; charset=utf-8").send(text),
  );
}
