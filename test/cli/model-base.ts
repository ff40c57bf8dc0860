// Base directories with models in them, made by the stores themselves.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ewc } from "../../src/pipeline/update/ewc.ts";
import { AuditLog } from "../../src/store/audit-log.ts";
import { VersionStore } from "../../src/store/version-store.ts";

/** Two tensors of 6 and 2 values. */
const weightsOf = (value: number) =>
  new Map([
    ["output.weight", new Float32Array(6).fill(value)],
    ["output.bias", Float32Array.of(value, -value)],
  ]);

/** An EWC memory over `length` weights, with a Fisher. */
export function ewcBytes(length: number, lambda = 2): Uint8Array {
  const ewc = new Ewc(new Float32Array(length).fill(0.5), { lambda });
  ewc.updateFisher(new Float32Array(length).fill(3), 1);
  const bytes = ewc.toBytes();
  ewc.dispose();
  return bytes;
}

/** A base directory in a temporary folder. */
export class ModelBase {
  readonly path = mkdtempSync(join(tmpdir(), "driftkeel-cli-"));
  #clockMs = Date.UTC(2026, 10, 20, 12, 30, 45);

  /** Where a model lies. */
  folder(id = "signal"): string {
    return join(this.path, id);
  }

  /** The flags that name this directory. */
  get flags(): string[] {
    return ["--base-dir", this.path];
  }

  /** Opens the versions of a model for writing; each call of the clock is a second later. */
  open(id = "signal", more: { maxVersions?: number } = {}): Promise<VersionStore> {
    const now = () => {
      this.#clockMs += 1000;
      return this.#clockMs;
    };
    return VersionStore.open({ storagePath: this.folder(id), modelId: id, now, ...more });
  }

  /** A model with versions of weights 1, 2, ..., the last of them active; returns their ids. */
  async addModel(id = "signal", count = 3): Promise<string[]> {
    const versions = await this.open(id);
    const ids: string[] = [];
    for (let value = 1; value <= count; value++) {
      const parts = new Map([["ewc.bin", ewcBytes(8)]]);
      ids.push(await versions.save({ weights: weightsOf(value), parts, seed: value }));
      const benchmark = { lossBefore: 2 / value, lossAfter: 1 / value };
      await versions.promote(ids.at(-1)!, { source: "test", benchmark });
    }
    await versions.close();
    return ids;
  }

  /** Adds events to the audit log of a model. */
  async addEvents(count: number, id = "signal"): Promise<void> {
    const log = await AuditLog.open(join(this.folder(id), "audit.jsonl"), {
      now: () => this.#clockMs,
    });
    for (let number = 0; number < count; number++) {
      await log.log({ eventType: "drift", outcome: "noted", details: { number } });
    }
    await log.close();
  }

  /** The events in the audit log of a model. */
  async events(id = "signal") {
    const log = await AuditLog.open(join(this.folder(id), "audit.jsonl"), { readOnly: true });
    const events = await log.readAll();
    await log.close();
    return events;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
