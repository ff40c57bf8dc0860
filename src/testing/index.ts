// The public API of `driftkeel/testing`: what a part of your own is tested with.

/*
 * A suite is a list of checks with a name and a function, so that every test framework takes it:
 *
 *     import { it } from "node:test"; // or "vitest"
 *     import { detectorConformance } from "driftkeel/testing";
 *
 *     const create = (options?: object) => new MyDetector(options);
 *     const subject = { name: "MyDetector", create, stream: myLosses };
 *     for (const { name, run } of detectorConformance(subject)) it(name, run);
 *
 * Nothing here loads the core; a subject brings what it needs from `driftkeel`.
 */

export type { AsyncConformanceCheck, ConformanceCheck } from "./conformance-check.ts";
export type { DetectorSubject } from "./detector-conformance.ts";
export { detectorConformance } from "./detector-conformance.ts";
export type { Survival } from "./faulty-disk.ts";
export { FaultyDisk, SURVIVALS } from "./faulty-disk.ts";
export type { SampleStoreSubject } from "./sample-store-conformance.ts";
export { sampleStoreConformance } from "./sample-store-conformance.ts";
export type { StoreSubject } from "./store-conformance.ts";
export { storeConformance } from "./store-conformance.ts";
export type { SnapshotPair, ValidatorSubject } from "./validator-conformance.ts";
export { validatorConformance } from "./validator-conformance.ts";
