// The public API of `driftkeel/mlflow`: versions of models in an MLflow model registry.

export type { OutboxOptions, OutboxStatus } from "../outbox/index.ts";
export { Outbox } from "../outbox/index.ts";
export type { DeliverOptions } from "./deliver-versions.ts";
export { deliverVersions } from "./deliver-versions.ts";
export type { MlflowOptions } from "./mlflow-options.ts";
export type {
  Alias,
  LoadedVersion,
  RegisteredVersion,
  VersionChoice,
} from "./mlflow-registry.ts";
export { MlflowRegistry } from "./mlflow-registry.ts";
export type { Following, RegisterOptions } from "./register-versions.ts";
export { registerVersions } from "./register-versions.ts";
export type { MlflowSettings, ServedModel } from "./serve-versions.ts";
export { mlflowIn, ServedVersions } from "./serve-versions.ts";
export type { VersionFacts } from "./version-facts.ts";
