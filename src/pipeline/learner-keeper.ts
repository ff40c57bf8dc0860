// Sees to it that nothing a learner acknowledged is lost: samples, state and trace.

import type { DriftkeelError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { LearnerMemory, type PlacedSample } from "./learner-memory.ts";
import type { LearnerState } from "./learner-state.ts";
import type { LearnerTrace } from "./learner-trace.ts";
import type { Promoter } from "./promote/promoter.ts";

/** The parts of a learner that have something to keep. */
interface KeptParts {
  promoter: Promoter;
  state: LearnerState;
  trace: LearnerTrace;
  /** Samples between two checkpoints at least. */
  checkpointEvery: number;
}

/** Keeps one learner; without a store only its trace. */
export class LearnerKeeper {
  readonly #parts: KeptParts;
  #memory: LearnerMemory | undefined;
  /** Acts since the last checkpoint. */
  #acts = 0;
  #isDue = false;

  constructor(parts: KeptParts) {
    this.#parts = parts;
  }

  /**
   * Puts back what the store holds, `parts` of it beside the active version, and returns the
   * samples that were acknowledged since. Throws as `LearnerMemory.recall`.
   */
  async recall(
    store: Store,
    parts: ReadonlyMap<string, Uint8Array>,
    isJournaling: boolean,
  ): Promise<PlacedSample[]> {
    const { promoter, state, trace } = this.#parts;
    const { id } = promoter.active;
    const found = await LearnerMemory.recall(store, id, parts, state, isJournaling);
    this.#memory = found.memory;
    if (state.isOnProbation && found.previousId !== undefined) {
      await promoter.recallPrevious(found.previousId);
    }
    trace.note("opened", this.#whereabouts());
    if (found.movedFrom === undefined) await this.#traceLastChange();
    else await this.#followPointer(found.movedFrom);
    await this.checkpoint();
    await trace.settle();
    return found.samples;
  }

  /** Somebody else made another version the active one. */
  async #followPointer(from: string): Promise<void> {
    const { promoter, state, trace } = this.#parts;
    const { id } = promoter.active;
    const change = await promoter.lastChange();
    if (change?.kind === "promotion") {
      const reason = `by ${change.source}, while the learner was closed`;
      trace.emit({ type: "promoted", versionId: id, reason, measurements: {} });
      return;
    }
    state.safeMode?.enter();
    const reason = "the pointer was moved while the learner was closed";
    trace.emit({ type: "rolled-back", from, to: id, reason, measurements: {} });
  }

  /** A crash may have come between a change of the pointer and its trace. */
  async #traceLastChange(): Promise<void> {
    const { promoter, trace } = this.#parts;
    const change = await promoter.lastChange();
    if (!change || (await trace.tells(change))) return;
    const { versionId } = change;
    let reason = "found at the start; the process ended before it could tell";
    if (change.kind === "promotion") {
      if (change.source === "initial") reason = "the model's first version";
      trace.emit({ type: "promoted", versionId, reason, measurements: {} });
    } else {
      const between = { from: change.rollbackFrom ?? "", to: versionId };
      trace.emit({ type: "rolled-back", ...between, reason, measurements: {} });
    }
  }

  /** Resolves once the sample would survive a power cut. Throws FILE_FAILED, STORE_LOCKED. */
  async add(placed: PlacedSample): Promise<void> {
    await this.#memory?.add(placed);
  }

  /** Keeps the state for a version that is about to become the active one. Throws FILE_FAILED. */
  async prepare(id: string, previousId: string | undefined): Promise<void> {
    await this.#memory?.prepare(id, previousId, this.#parts.state);
  }

  /** Asks for a checkpoint when the act under way has ended. */
  checkpointSoon(): void {
    this.#isDue = true;
  }

  /** Changes the state durably, or not at all. Throws FILE_FAILED. */
  async keep(change: () => void): Promise<void> {
    const undo = this.#parts.state.savepoint();
    change();
    try {
      await this.checkpoint();
    } catch (error) {
      undo();
      throw error;
    }
  }

  /** Makes the state durable, and the journal short. Throws FILE_FAILED. */
  async checkpoint(): Promise<void> {
    const { promoter, state } = this.#parts;
    await this.prepare(promoter.active.id, promoter.previous?.id);
    await this.#memory?.tidy(promoter.active.id, state.observed);
    this.#acts = 0;
    this.#isDue = false;
  }

  /** A checkpoint holds every sample: as rare as that, its cost per sample stays small. */
  #isCheckpointDue(): boolean {
    const { checkpointEvery, state } = this.#parts;
    return this.#isDue || this.#acts >= Math.max(checkpointEvery, state.intake.size);
  }

  /** Does `act`, then makes a checkpoint when one is due and the trace durable. */
  async concluded<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } finally {
      this.#acts += 1;
      try {
        await this.#parts.trace.settle();
        if (this.#isCheckpointDue()) await this.checkpoint();
      } catch (error) {
        // Nothing is lost: the journal has the samples, the trace is kept and written later, and no
        // version is promoted before it is.
        const { code = "FILE_FAILED", message } = error as DriftkeelError;
        this.#parts.trace.emit({ type: "checkpoint-failed", code, message });
      }
    }
  }

  /** Keeps all there is and ends the trace. */
  async close(): Promise<void> {
    try {
      await this.checkpoint();
      this.#parts.trace.note("closed", this.#whereabouts());
      await this.#parts.trace.settle();
    } finally {
      await this.#parts.trace.close();
    }
  }

  #whereabouts(): Record<string, unknown> {
    const { promoter, state } = this.#parts;
    return { version_id: promoter.active.id, observed: state.observed };
  }
}
