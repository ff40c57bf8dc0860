// Checks requests against their schemas and words what is wrong as everywhere else.

import type { FastifySchemaCompiler } from "fastify";
import type * as z from "zod";
import { DriftkeelRangeError, DriftkeelTypeError, isCallerError } from "../errors.ts";
import { parseOptions } from "../options.ts";

/** `parseOptions` for what came over the wire, whose parts are members, not options. */
export function parseMembers<S extends z.core.$ZodObject>(
  name: string,
  schema: S,
  value: unknown,
): z.output<S> {
  try {
    return parseOptions(name, schema, value);
  } catch (error) {
    if (!isCallerError(error)) throw error;
    const message = error.message
      .replace(`${name} options`, name)
      .replace(`${name} option`, `${name} member`);
    throw error instanceof DriftkeelTypeError
      ? new DriftkeelTypeError(error.code, message)
      : new DriftkeelRangeError(error.code, message);
  }
}

/** What messages call the parts of a request. */
const PARTS: Record<string, string> = { querystring: "query", params: "path" };

/** Compiles the schemas of routes, which are objects; no body is one without members. */
export const compileRequestSchema: FastifySchemaCompiler<z.core.$ZodObject> =
  ({ schema, httpPart = "body" }) =>
  (data) => {
    try {
      if (httpPart === "headers") return { value: { ...data, ...parseHeaders(schema, data) } };
      return { value: parseMembers(PARTS[httpPart] ?? httpPart, schema, data ?? {}) };
    } catch (error) {
      return { error: error as Error };
    }
  };

/** Of all the headers, those that the schema knows. */
function parseHeaders(schema: z.core.$ZodObject, headers: Record<string, unknown>) {
  const known = Object.keys(schema._zod.def.shape).filter((name) => Object.hasOwn(headers, name));
  return parseMembers(
    "headers",
    schema,
    Object.fromEntries(known.map((name) => [name, headers[name]])),
  );
}
