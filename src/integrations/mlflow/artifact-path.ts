// Where an artifact lies below the artifact proxy of a tracking server.

import { DriftkeelError } from "../../index.ts";

/** The file of the weights in the folder that is a model version's source. */
export const WEIGHTS_FILE = "model.safetensors";
/** That folder, in a run's artifacts. */
export const MODEL_FOLDER = "model";

/**
 * The path of an address `mlflow-artifacts:/1/abc/artifacts`, with or without a host in it. Throws
 * FILE_FAILED for an artifact store that clients have to reach by themselves.
 */
export function artifactPath(server: string, uri: string): string {
  const path = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+([^?#]*)$/.exec(uri)?.[1];
  if (path) return path.replace(/\/+$/, "");
  const scheme = /^([a-z][\w+.-]*):/i.exec(uri)?.[1] ?? "a folder of the server";
  throw new DriftkeelError(
    "FILE_FAILED",
    `Expected MLflow at ${server} to serve its artifacts (scheme mlflow-artifacts), got an ` +
      `experiment whose artifacts are elsewhere (${scheme}). Start the server with ` +
      "--serve-artifacts, and use an experiment that was created after that.",
  );
}
