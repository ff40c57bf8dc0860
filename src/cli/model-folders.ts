// Which models there are below a base directory, and which one a command means.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describeValue } from "../describe-value.ts";
import { DriftkeelError, DriftkeelRangeError } from "../errors.ts";
import { nearestName } from "../nearest-name.ts";

const POINTER = "current.json";

/** A model and the folder that holds its versions and its audit log. */
export interface ModelFolder {
  id: string;
  path: string;
}

/** Every folder that has a pointer to a version, by name. Throws OPTION_INVALID, FILE_FAILED. */
export async function findModels(baseDir: string): Promise<ModelFolder[]> {
  const entries = await readBaseDir(baseDir);
  const models: ModelFolder[] = [];
  for (const id of entries.sort()) {
    const path = join(baseDir, id);
    if (await isFile(join(path, POINTER))) models.push({ id, path });
  }
  return models;
}

/**
 * The model `id`, or without one the only model there is. Throws OPTION_INVALID, naming what there
 * is, and FILE_FAILED.
 */
export async function chooseModel(baseDir: string, id: string | undefined): Promise<ModelFolder> {
  const models = await findModels(baseDir);
  const ids = models.map((model) => model.id);
  const chosen = id === undefined ? models : models.filter((model) => model.id === id);
  if (chosen.length === 1) return chosen[0]!;
  const known = ids.length === 0 ? "it holds none" : `it holds ${ids.join(", ")}`;
  if (id === undefined) {
    const message =
      models.length === 0
        ? `Expected a folder with a model (one that holds ${POINTER}) in ${baseDir}; ${known}.`
        : `Expected --model, as ${baseDir} holds several models: ${ids.join(", ")}.`;
    throw new DriftkeelRangeError("OPTION_INVALID", message);
  }
  const near = nearestName(id, ids);
  const hint = near === undefined ? known : `did you mean "${near}"?`;
  throw new DriftkeelRangeError(
    "OPTION_INVALID",
    `Expected --model to be a model in ${baseDir}, got ${describeValue(id)}; ${hint}`,
  );
}

async function readBaseDir(baseDir: string): Promise<string[]> {
  try {
    const entries = await readdir(baseDir);
    return entries.filter((name) => !name.startsWith("."));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      const got = code === "ENOENT" ? "nothing" : "a file";
      throw new DriftkeelRangeError(
        "OPTION_INVALID",
        `Expected --base-dir to be a folder of models, got ${got} at ${baseDir}.`,
      );
    }
    throw new DriftkeelError("FILE_FAILED", `Expected to be able to list ${baseDir}: ${message}.`, {
      cause,
    });
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

/** Bytes of all files below a folder; what a writer removes meanwhile does not count. */
export async function folderSizeBytes(path: string): Promise<number> {
  let sizeBytes = 0;
  for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) sizeBytes += await folderSizeBytes(child);
    else
      sizeBytes += await stat(child).then(
        ({ size }) => size,
        () => 0,
      );
  }
  return sizeBytes;
}
