// Experiences at rest: their embeddings as tensors, the rest as JSON.

import * as z from "zod/mini";
import type { Tensor } from "../../index.ts";
import { joinRows, rowOf } from "./pattern-clusters.ts";
import type { Experience } from "./query-trajectory.ts";
import { valuesOf } from "./saved-bytes.ts";

/** Schema of what `experienceRecord` makes. */
export const experienceSchema = z.strictObject({
  id: z.string(),
  quality: z.number().check(z.minimum(0), z.maximum(1)),
  contextIds: z.array(z.string()),
});

/** The part of an experience that is JSON. */
export function experienceRecord({ id, quality, contextIds }: Experience) {
  return { id, quality, contextIds: [...contextIds] };
}

/** The embeddings, as tensors whose names start with `name`. */
export function experienceTensors(
  name: string,
  experiences: readonly Experience[],
  size: number,
): [string, Tensor][] {
  const shape = [experiences.length, size];
  return [
    [`${name}.queries`, { shape, values: joinRows(experiences.map(({ query }) => query)) }],
    [`${name}.outcomes`, { shape, values: joinRows(experiences.map(({ outcome }) => outcome)) }],
  ];
}

/** Puts both parts together again. Throws FILE_CORRUPT. */
export function readExperiences(
  kind: string,
  tensors: Map<string, Tensor>,
  name: string,
  records: readonly z.output<typeof experienceSchema>[],
  size: number,
): Experience[] {
  const length = records.length * size;
  const queries = valuesOf(kind, tensors, `${name}.queries`, length);
  const outcomes = valuesOf(kind, tensors, `${name}.outcomes`, length);
  return records.map((record, row) => ({
    ...record,
    query: rowOf(queries, row, size).slice(),
    outcome: rowOf(outcomes, row, size).slice(),
  }));
}
