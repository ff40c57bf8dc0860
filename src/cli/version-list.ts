// The versions of a model as a list: what is kept, and which ones have a part to play.

import { join } from "node:path";
import {
  type CurrentVersion,
  type DamagedVersion,
  type VersionEntry,
  VersionStore,
} from "../index.ts";
import type { Colors } from "./model-flags.ts";
import { folderSizeBytes, type ModelFolder } from "./model-folders.ts";
import { readPointer } from "./model-status.ts";
import { drawTable } from "./text-table.ts";
import { measurementsText, sizeText, timeText } from "./value-text.ts";

/** A version, its place among the others, and its size on disk. */
interface ListedVersion extends VersionEntry {
  marks: string[];
  sizeBytes: number;
}

interface VersionListing {
  modelId: string;
  current: CurrentVersion | undefined;
  pointerDamage: string | undefined;
  /** Newest first. */
  versions: ListedVersion[];
  damaged: DamagedVersion[];
}

/** Reads the records of all versions, beside any writer. Throws FILE_FAILED. */
export async function listVersions({ id, path }: ModelFolder): Promise<VersionListing> {
  const store = await VersionStore.open({ storagePath: path, readOnly: true });
  try {
    const pointer = await readPointer(store);
    const versions: ListedVersion[] = [];
    for (const entry of await store.list()) {
      const sizeBytes = await folderSizeBytes(join(path, "versions", entry.id));
      versions.push({ ...entry, marks: marksOf(entry.id, pointer.current), sizeBytes });
    }
    return { modelId: id, ...pointer, versions, damaged: await store.listDamaged() };
  } finally {
    await store.close();
  }
}

/** `active`, `prior`, `anchor`: what the pointer says of a version. */
export function marksOf(id: string, current: CurrentVersion | undefined): string[] {
  const marks = { active: current?.activeId, prior: current?.priorId, anchor: current?.anchorId };
  return Object.entries(marks).flatMap(([mark, marked]) => (marked === id ? [mark] : []));
}

/** A list as JSON. */
export function versionsRecord({ modelId, current, versions, damaged, ...rest }: VersionListing) {
  return {
    model_id: modelId,
    pointer_damage: rest.pointerDamage ?? null,
    versions: versions.map(({ id, sequence, savedAt, parent, sizeBytes, marks }) => ({
      version_id: id,
      sequence,
      saved_at: savedAt.toISOString(),
      parent: parent ?? null,
      size_bytes: sizeBytes,
      is_active: marks.includes("active"),
      is_prior: marks.includes("prior"),
      is_anchor: marks.includes("anchor"),
      // The pointer keeps the numbers of the active version only.
      benchmark: marks.includes("active") ? (current?.benchmark ?? null) : null,
    })),
    damaged: damaged.map(({ id, error }) => ({ version_id: id, message: error.message })),
  };
}

/** A list as a table, 79 columns wide. */
export function versionsText(listing: VersionListing, colors: Colors): string {
  const { current, versions, damaged, pointerDamage } = listing;
  const rows = versions.map(({ id, savedAt, parent, sizeBytes, marks }) => {
    const name = marks.includes("active") ? colors.green(id) : id;
    const lines = marks.length === 0 ? name : `${name}\n${colors.dim(marks.join(", "))}`;
    return [lines, timeText(savedAt), parent ?? "", sizeText(sizeBytes)];
  });
  const lost = damaged.map(({ id }) => [`${id}\n${colors.red("damaged")}`, "", "", ""]);
  const columns = [
    { title: "Version" },
    { title: "Saved (UTC)" },
    { title: "Trained from" },
    { title: "Size", align: "right" as const },
  ];
  const table = drawTable(columns, [...rows, ...lost], colors);
  const numbers = measurementsText(current?.benchmark ?? {});
  const benchmark = `Benchmark of the active version: ${numbers}`;
  const warning = pointerDamage === undefined ? "" : `${colors.red(pointerDamage)}\n`;
  return `${table}${benchmark}\n${warning}`;
}
