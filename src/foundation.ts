// What ready-made learners share with the pipeline and users do not need: published as no subpath.

export { decodeBase64, encodeBase64 } from "./base64.ts";
export { checkCount, checkInstance } from "./checks.ts";
export { clock, millisecondsOf, monotonicMs } from "./clock.ts";
export { naturalLog } from "./core/random.ts";
export { crc32 } from "./crc32.ts";
export { isTypedError } from "./errors.ts";
export { parseOptions, parseState, positiveInteger } from "./options.ts";
export { contentHash } from "./pipeline/feedback/content-hash.ts";
export { textOfJson } from "./pipeline/feedback/json-text.ts";
export type { StampedSample } from "./pipeline/feedback/sample-store.ts";
export { borderMs, stampSamples } from "./pipeline/feedback/sample-store.ts";
export type { PlacedSample, SampleKey } from "./pipeline/feedback/sample-store-pages.ts";
export { pagesOf } from "./pipeline/feedback/sample-store-pages.ts";
export { pairedMean } from "./pipeline/promote/paired-mean.ts";
export { CandidateTrainer } from "./pipeline/update/candidate-trainer.ts";
export { auditRecord } from "./store/audit-line.ts";
export { checkId, isId } from "./store/ids.ts";
export { Journal } from "./store/journal.ts";
export { NodeDisk } from "./store/node-disk.ts";
export { parseRecord, writeRecord } from "./store/record-file.ts";
export { readSingleFile, replaceSingleFile } from "./store/single-file.ts";
export { decodeSnapshot } from "./store/snapshot.ts";
export { Turns } from "./store/turns.ts";
export { decodeUtf8 } from "./store/utf8.ts";
