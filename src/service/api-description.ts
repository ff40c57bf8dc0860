// The OpenAPI document as it is served.

/** The part of the document that is changed. */
interface Operation {
  requestBody?: {
    required?: boolean;
    content: Record<string, { schema?: { required?: unknown } }>;
  };
}

/** Says of bodies without a required member that they may be left out, as the routes let them. */
export function describeApi<T extends { paths?: object }>(document: T): T {
  for (const operations of Object.values(document.paths ?? {})) {
    for (const { requestBody } of Object.values(operations as Record<string, Operation>)) {
      if (!requestBody) continue;
      const schemas = Object.values(requestBody.content).map(({ schema }) => schema);
      requestBody.required = schemas.some((schema) => schema?.required !== undefined);
    }
  }
  return document;
}
