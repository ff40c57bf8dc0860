// Requests made from /openapi.json: good ones, spoilt ones and garbage, for fast-check.

import fc from "fast-check";
import { Random } from "../../src/core/random.ts";
import { jsonValues, wrongData } from "../faults/fuzz-inputs.ts";
import type { JsonSchema, Operation } from "./api-description.ts";

/** A request as it is sent. In url and body `{job}` and `{version}` stand for one that there is. */
export interface FuzzedRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | undefined;
}

/** Ids that lead somewhere, and some that must lead nowhere. */
const IDS = ["signal", "signal", "signal", "other", "{job}", "none", "__proto__", "constructor"];
/** Values of members by name that a schema alone would never hit. */
const KNOWN: Record<string, readonly unknown[]> = {
  model_id: ["signal", "signal", "other", "none", "__proto__"],
  version_id: ["{version}", "none", "../signal", "toString"],
  start: ["2026-09-20", "2026-10-01T00:00:00Z", "2026-08-01T00:00:00+02:00"],
  end: ["2026-11-20", "2026-11-01T12:00:00.5Z"],
  // Outside the windows that are asked for: what is generated would spoil every update.
  timestamp: ["2020-11-01T00:00:00Z", 1_500_000_000_000, 0],
  input: [[0.5], [-1], [1e38]],
  label: [[1], [0], [-3.5]],
  // Larger ones only make the numbers of a model useless.
  learning_rate: [0.01, 0.001],
};

/** What fits a schema. */
function fitting(schema: JsonSchema, name = ""): fc.Arbitrary<unknown> {
  const known = KNOWN[name];
  const any = fittingAny(schema);
  return known ? fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...known) }, any) : any;
}

function fittingAny(schema: JsonSchema): fc.Arbitrary<unknown> {
  const {
    enum: values,
    anyOf,
    pattern,
  } = schema as {
    enum?: unknown[];
    anyOf?: JsonSchema[];
    pattern?: string;
  };
  if (values) return fc.constantFrom(...values);
  if (anyOf) return fc.oneof(...anyOf.map((each) => fitting(each)));
  switch (schema.type) {
    case "object":
      return objectOf(schema);
    case "array":
      return fc.array(fitting(schema.items as JsonSchema), { minLength: 1, maxLength: 3 });
    case "integer":
      return fc.integer({ min: Number(schema.minimum ?? -5), max: 2000 });
    case "number":
      return fc.double({ min: Number(schema.minimum ?? 1e-6), max: 1e6, noNaN: true });
    case "boolean":
      return fc.boolean();
    default:
      return pattern ? fc.stringMatching(new RegExp(pattern)) : fc.string({ minLength: 1 });
  }
}

function objectOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const members = properties.map(([name, each]) => [name, fitting(each, name)]);
  const requiredKeys = (schema.required ?? []) as never[];
  return fc.record(Object.fromEntries(members), { requiredKeys });
}

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json(),
  fc.constantFrom(
    "",
    "null",
    "[]",
    "{",
    "\u0000",
    '{"__proto__":{"polluted":1}}',
    "[".repeat(5000),
  ),
);
const anyType = fc.constantFrom(
  "application/json",
  "application/json; charset=utf-8",
  "application/x-ndjson",
  "text/plain",
  "multipart/form-data; boundary=x",
  "application/octet-stream",
  "",
  "a",
);

/** A good request of an operation. */
function good(operation: Operation): fc.Arbitrary<FuzzedRequest> {
  const { method, path, parameters, bodies } = operation;
  const asked = parameters.map(({ name, schema }) =>
    name === "id" ? fc.constantFrom(...IDS) : fc.option(fitting(schema, name), { nil: undefined }),
  );
  const types = Object.keys(bodies);
  const body =
    types.length === 0
      ? fc.constant(undefined)
      : fc.constantFrom(...types).chain((type) => {
          const one = fitting(bodies[type]!).map((value) => JSON.stringify(value));
          const isLines = type === "application/x-ndjson";
          const text = isLines
            ? fc.array(one, { minLength: 1, maxLength: 5 }).map((lines) => lines.join("\n"))
            : one;
          return text.map((value) => ({ type, text: value }));
        });
  return fc.tuple(fc.tuple(...asked), body).map(([values, sent]) => {
    const headers: Record<string, string> = sent ? { "content-type": sent.type } : {};
    const query = new URLSearchParams();
    let url = path;
    for (const [index, { name, in: place }] of parameters.entries()) {
      const value = values[index];
      if (value === undefined) continue;
      if (place === "path") url = url.replace(`{${name}}`, encodedId(String(value)));
      else if (place === "query") query.set(name, String(value));
      else headers[name] = String(value);
    }
    const search = query.toString();
    return { method, url: search ? `${url}?${search}` : url, headers, body: sent?.text };
  });
}

const encodedId = (id: string) => (/^\{\w+\}$/.test(id) ? id : encodeURIComponent(id));

/** A good request with something wrong in its body, its query, its path or its kind. */
function spoilt(request: FuzzedRequest): fc.Arbitrary<FuzzedRequest> {
  return fc.oneof(
    fc.integer({ min: 0 }).map((seed) => ({ ...request, body: wrongBody(request.body, seed) })),
    fc.integer({ min: 0 }).map((seed) => ({ ...request, body: wrongBody(request.body, seed) })),
    anyText.map((body) => ({ ...request, body })),
    anyType.map((type) => ({ ...request, headers: { ...request.headers, "content-type": type } })),
    fc.webQueryParameters().map((query) => ({ ...request, url: `${request.url}?${query}` })),
    fc.string().map((id) => ({
      ...request,
      url: request.url.replace("signal", encodeURIComponent(wellFormed(id))),
    })),
    fc
      .constantFrom("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE")
      .map((method) => ({ ...request, method })),
    fc
      .constantFrom(
        "idempotency-key",
        "accept",
        "origin",
        "host",
        "content-length",
        "authorization",
      )
      .chain((name) =>
        fc.stringMatching(/^[\x20-\x7e]{0,40}$/).map((value) => ({
          ...request,
          headers: { ...request.headers, [name]: value },
        })),
      ),
  );
}

/** Lone surrogates have no place in a URL. */
const wellFormed = (text: string) => Buffer.from(text).toString();

function wrongBody(body: string | undefined, seed: number): string {
  try {
    return JSON.stringify(wrongData(new Random(seed >>> 0), JSON.parse(body ?? "{}"), jsonValues));
  } catch {
    return `${body}${String.fromCharCode(seed % 128)}`; // lines, not one value
  }
}

/** Anything that a client can send at all. */
const garbage: fc.Arbitrary<FuzzedRequest> = fc.record({
  method: fc.constantFrom("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"),
  url: fc.oneof(
    fc.string().map((text) => `/${encodeURIComponent(wellFormed(text))}`),
    fc.webPath().map((path) => `/api/v1${path}`),
    fc.constantFrom(
      ...["/%zz", "/%00", "/..%2f..%2fetc", "/api/v1/models/%2e%2e/status", "/?", "/a?%ff=%"],
      ...["/api/v1/jobs/%0d%0aX:1", "/api/v1/models//status", `/${"a/".repeat(500)}`],
      `/api/v1/models/${"x".repeat(5000)}/status`,
    ),
  ),
  headers: anyType.map((type): Record<string, string> => (type ? { "content-type": type } : {})),
  body: fc.option(anyText, { nil: undefined }),
});

/** Requests of all three kinds, over all operations. */
export function requestsTo(operations: readonly Operation[]): fc.Arbitrary<FuzzedRequest> {
  const fine = fc.oneof(...operations.map(good));
  return fc.oneof(
    { weight: 5, arbitrary: fine },
    { weight: 4, arbitrary: fine.chain(spoilt) },
    { weight: 1, arbitrary: garbage },
  );
}
