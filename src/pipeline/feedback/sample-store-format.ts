// The format of a database of samples: its tables, how older files become it, and its rows.

import * as z from "zod/mini";
import type { Sample, SampleOrigin } from "../../model/sample.ts";
import { textOfJson } from "./json-text.ts";
import type { StampedSample } from "./sample-store.ts";
import { corrupt, type Database, inTransaction } from "./sample-store-database.ts";
import type { PlacedSample } from "./sample-store-pages.ts";

/** 1: without sample_count and its triggers. 2: this one. */
const FORMAT_VERSION = 2;

/**
 * id: as JSON text, because the driver ends text at a NUL. sample_count: one row, the number of
 * samples. Triggers keep it, so that it is also right when a process of an older release, which had
 * the file open while it was upgraded, goes on writing.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS samples (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms INTEGER NOT NULL,
    input BLOB NOT NULL,
    label BLOB NOT NULL,
    weight REAL,
    id TEXT,
    origin TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS samples_by_time ON samples (time_ms, position);
  CREATE TABLE IF NOT EXISTS sample_count (
    the_row INTEGER PRIMARY KEY CHECK (the_row = 1),
    n INTEGER NOT NULL
  ) STRICT;
  CREATE TRIGGER IF NOT EXISTS sample_added AFTER INSERT ON samples
    BEGIN UPDATE sample_count SET n = n + 1; END;
  CREATE TRIGGER IF NOT EXISTS sample_removed AFTER DELETE ON samples
    BEGIN UPDATE sample_count SET n = n - 1; END;
  INSERT OR REPLACE INTO sample_count (the_row, n) SELECT 1, count(*) FROM samples;
`;

/**
 * Makes a database ready for use: a new one, and one of an older format, gets the present format in
 * one transaction. Throws FILE_CORRUPT for one of a later format, and what the driver throws.
 */
export function prepareDatabase(database: Database, path: string): void {
  // A commit is one sync of the log; the file itself is brought up to date later.
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  if (formatOf(database, path) === FORMAT_VERSION) return;
  inTransaction(database, () => {
    // Another process may have been first; then nothing but the count is written again.
    formatOf(database, path);
    database.exec(SCHEMA);
    database.exec(`PRAGMA user_version = ${FORMAT_VERSION}`);
  });
}

/** The format version of a file, 0 when it is new. Throws FILE_CORRUPT for a later one. */
function formatOf(database: Database, path: string): number {
  const [pragma] = database.prepare("PRAGMA user_version").all([]);
  const version = Number(pragma?.user_version);
  if (version >= 0 && version <= FORMAT_VERSION) return version;
  const got = `format version ${version} where this release reads up to ${FORMAT_VERSION}`;
  throw corrupt(path, got);
}

/** The columns of a row as it is written, and the values of a sample for them. */
export const WRITTEN_COLUMNS = ["time_ms", "input", "label", "weight", "id", "origin"] as const;

/** One value for each of WRITTEN_COLUMNS. The blobs are views of the sample's arrays. */
export function valuesOf({ timeMs, sample }: StampedSample): unknown[] {
  const { input, label, weight = null, id, origin = null } = sample;
  const idText = id === undefined ? null : JSON.stringify(id);
  return [timeMs, bytesOf(input), bytesOf(label), weight, idText, origin];
}

/** f32 little endian. */
function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** A row as the driver gives it; blobs come as ArrayBuffer. */
const row = z.object({
  position: z.number(),
  time_ms: z.number(),
  input: z.instanceof(ArrayBuffer),
  label: z.instanceof(ArrayBuffer),
  weight: z.nullable(z.number()),
  id: z.nullable(z.pipe(z.string(), z.transform(textOfJson))),
  origin: z.nullable(z.enum(["live", "replay", "peer"])),
});

/** A row's sample and its place. path: of the file, for the message. Throws FILE_CORRUPT. */
export function placedSampleOf(record: Record<string, unknown>, path: string): PlacedSample {
  const parsed = row.safeParse(record);
  const isWhole = (blob: ArrayBuffer) => blob.byteLength > 0 && blob.byteLength % 4 === 0;
  if (!parsed.success || !isWhole(parsed.data.input) || !isWhole(parsed.data.label)) {
    throw corrupt(path, "a row that is no sample");
  }
  const { position, time_ms: timeMs, input, label, weight, id, origin } = parsed.data;
  const sample: Sample = {
    input: new Float32Array(input),
    label: new Float32Array(label),
    ...(weight !== null && { weight }),
    timestamp: new Date(timeMs),
    ...(id !== null && { id }),
    ...(origin !== null && { origin: origin satisfies SampleOrigin }),
  };
  return { position, timeMs, sample };
}
