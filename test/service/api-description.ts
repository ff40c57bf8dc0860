// What /openapi.json says of each route, and whether an answer keeps to it.

import * as z from "zod";
import type { Served } from "./served.ts";

/** A schema as the document has it. */
export type JsonSchema = Record<string, unknown>;

/** A route. */
export interface Operation {
  method: "GET" | "POST" | "DELETE";
  path: string;
  /** `GET /healthz` */
  name: string;
  parameters: { name: string; in: "path" | "query" | "header"; schema: JsonSchema }[];
  /** By media type. */
  bodies: Record<string, JsonSchema>;
  /** By status or `default`: media type and schema. */
  answers: Map<string, { type: string; schema: z.ZodType }>;
}

interface DocumentedOperation {
  parameters?: Operation["parameters"];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { content?: Record<string, { schema: JsonSchema }> }>;
}

/** Every route of the document. */
export async function readOperations(served: Served): Promise<Operation[]> {
  const { json } = await served.ask("GET", "/openapi.json");
  const paths = json.paths as Record<string, Record<string, DocumentedOperation>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([name, documented]) => operationOf(name, path, documented)),
  );
}

function operationOf(
  lowerCase: string,
  path: string,
  { parameters = [], requestBody, responses }: DocumentedOperation,
): Operation {
  const method = lowerCase.toUpperCase() as Operation["method"];
  const bodies = Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => [
    type,
    schema,
  ]);
  const answers = Object.entries(responses).map(([status, { content = {} }]) => {
    const [[type, { schema }] = ["", { schema: {} }]] = Object.entries(content);
    return [status, { type, schema: z.fromJSONSchema(schema) }] as const;
  });
  return {
    ...{ method, path, name: `${method} ${path}`, parameters },
    bodies: Object.fromEntries(bodies),
    answers: new Map(answers),
  };
}

/** An answer as it came. */
interface Answer {
  status: number;
  headers: Record<string, unknown>;
  text: string;
  json: unknown;
}

/** What is wrong with an answer; undefined when it is one that the document describes. */
export function faultOf(operation: Operation, answer: Answer): string | undefined {
  const { status, headers, text, json } = answer;
  const documented = operation.answers.get(`${status}`) ?? operation.answers.get("default");
  if (!documented) return `an undocumented status ${status}`;
  if (status < 400 && !operation.answers.has(`${status}`)) return `an undocumented ${status}`;
  const type = String(headers["content-type"]).split(";")[0];
  if (type !== documented.type) return `${status} as ${type}, not as ${documented.type}`;
  const parsed = documented.schema.safeParse(/json/.test(documented.type) ? json : text);
  if (!parsed.success) return `${status} that is not as described: ${parsed.error.message}`;
  const told = (json as { status?: unknown } | undefined)?.status;
  if (status >= 400 && typeof told === "number" && told !== status) {
    return `a document of status ${told} with the status ${status}`;
  }
  return undefined;
}
