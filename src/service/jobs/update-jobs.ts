// Updates that were asked for: taken in, queued, run one after the other, and told of until the
// service has forgotten them, whatever happens to the process meanwhile.

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import PQueue from "p-queue";
import { millisecondsOf } from "../../foundation.ts";
import { type Clock, DriftkeelError, type LearnerEvent } from "../../index.ts";
import { finite } from "../finite.ts";
import type { HostedModel } from "../hosted-model.ts";
import type { ModelHost } from "../model-host.ts";
import { ProblemError, problemOf } from "../problem.ts";
import { isUnderWay, type Job, type JobRequest } from "./job.ts";
import { runJob } from "./job-run.ts";
import { JobTable } from "./job-table.ts";
import { promotionFate } from "./promotion-fate.ts";

/** What jobs work with. */
export interface JobParts {
  host: ModelHost;
  table: JobTable;
  now: Clock;
}

/**
 * The jobs of a service, kept in `<baseDir>/.jobs/<model>`. Throws STORE_LOCKED, FILE_FAILED.
 */
export async function openJobs(
  host: ModelHost,
  { baseDir, now }: { baseDir: string; now: Clock },
): Promise<UpdateJobs> {
  const modelIds = host.models.map(({ id }) => id);
  const table = await JobTable.open(join(baseDir, ".jobs"), modelIds);
  return UpdateJobs.open({ host, table, now });
}

/** Who asks: `key` is the client's, under which it may ask again. */
export interface JobOrigin {
  source: Job["source"];
  key?: string | undefined;
}

/** The jobs of one service. */
export class UpdateJobs {
  readonly #parts: JobParts;
  /** Updates train on threads; one after the other they leave room for requests. */
  readonly #queue = new PQueue({ concurrency: 1 });
  readonly #signals = new Map<string, AbortController>();
  /** Those under way that clients have cancelled; what the service itself cuts short is parked. */
  readonly #cancelled = new Set<string>();
  readonly #listeners = new Set<(job: Job) => void>();
  readonly #stopListening: () => void;
  /** Hears of what no client does. */
  onFailure: (error: unknown, message: string) => void = () => {};
  #isClosing = false;

  private constructor(parts: JobParts) {
    this.#parts = parts;
    this.#stopListening = parts.host.watch({ event: (event) => this.#follow(event) });
  }

  /**
   * Goes on with what a process before left: what waited waits again; what ran is told as failed,
   * unless its version had been promoted already; what was rolled back meanwhile is told as that.
   * Throws FILE_FAILED, POINTER_CORRUPT.
   */
  static async open(parts: JobParts): Promise<UpdateJobs> {
    const jobs = new UpdateJobs(parts);
    for (const model of parts.host.models) await jobs.#settle(model);
    for (const job of parts.table.list()) if (job.status === "queued") jobs.#enqueue(job);
    return jobs;
  }

  /** Files that are no jobs as they were written; they are passed over. */
  get damaged(): readonly string[] {
    return this.#parts.table.damaged;
  }

  /** All that are told of, oldest first; of one model or of all. */
  list(modelId?: string): readonly Job[] {
    const jobs = this.#parts.table.list();
    return modelId === undefined ? jobs : jobs.filter((job) => job.model_id === modelId);
  }

  /** Throws a problem: 404. */
  find(id: string): Job {
    const job = this.#parts.table.find(id);
    if (job) return job;
    throw new ProblemError(404, "Expected the id of a job; those that ended long ago are gone.");
  }

  /**
   * Takes a job in; it is durable when this resolves. The same key gives the same job. Throws
   * UPDATES_FROZEN, UPDATE_IN_PROGRESS, FILE_FAILED, a problem: 422 when the key was used for
   * something else, 503 when the service ends.
   */
  async submit(model: HostedModel, request: JobRequest, origin: JobOrigin): Promise<Job> {
    const { table } = this.#parts;
    const { source, key } = origin;
    const body = { model_id: model.id, ...request };
    const asked = key === undefined ? undefined : table.findAsked(key, body);
    if (asked?.isSame) return asked.job;
    if (asked) {
      throw new ProblemError(422, "Expected the body that this Idempotency-Key came with before.");
    }
    if (this.#isClosing) throw new ProblemError(503, "The service is ending.");
    this.#checkFree(model);
    const job: Job = {
      job_id: `job-${randomUUID()}`,
      model_id: model.id,
      status: "queued",
      source,
      request,
      created_at: this.#now(),
      started_at: null,
      finished_at: null,
      progress: null,
      report: null,
      error: null,
    };
    await table.add(job, key === undefined ? undefined : { key, body });
    this.#tell(job);
    this.#enqueue(job);
    return job;
  }

  /** Ends a job that has not ended; an update that trains stops at its next step. */
  async cancel(id: string): Promise<Job> {
    const job = this.find(id);
    if (!isUnderWay(job.status)) {
      throw new ProblemError(
        409,
        `Expected a job that has not ended, got one that is ${job.status}.`,
      );
    }
    if (job.status === "queued") return this.#end(id, { status: "cancelled" });
    this.#cancelled.add(id);
    this.#signals.get(id)?.abort();
    return job;
  }

  /** Calls `listener` with every job whose state has changed, until what it returns is called. */
  listen(listener: (job: Job) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Parks what waits or trains for the next process, and waits for what is being judged. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#queue.clear();
    for (const signal of this.#signals.values()) signal.abort();
    await this.#queue.onIdle();
    this.#stopListening();
    await this.#parts.table.close();
  }

  #checkFree({ id, learner }: HostedModel): void {
    const { state } = learner.status();
    if (state === "frozen") {
      const message = "Expected a model whose updates are not frozen. Unfreeze it first.";
      throw new DriftkeelError("UPDATES_FROZEN", message);
    }
    const isBusy = this.list(id).some(({ status }) => isUnderWay(status));
    if (!isBusy && state !== "updating") return;
    const message = "Expected no update of this model to be under way. Wait for the one before.";
    throw new DriftkeelError("UPDATE_IN_PROGRESS", message);
  }

  #enqueue({ job_id: id, model_id }: Job): void {
    const work = async () => {
      // Cancelled while it waited, or the service ends and the next process takes it up.
      if (this.#isClosing || this.find(id).status !== "queued") return;
      const controller = new AbortController();
      this.#signals.set(id, controller);
      try {
        await this.#change(id, { status: "running", started_at: this.#now() });
        const model = this.#parts.host.find(model_id);
        const end = await runJob(this.find(id), model, {
          signal: controller.signal,
          onTrained: async () => {
            await this.#change(id, { status: "evaluating" });
          },
        });
        const isParked = end.status === "cancelled" && !this.#cancelled.has(id);
        await this.#end(id, isParked ? PARKED : end);
      } catch (error) {
        this.onFailure(error, `job ${id} failed`);
        await this.#end(id, { status: "failed", error: errorOf(error) });
      } finally {
        this.#signals.delete(id);
        this.#cancelled.delete(id);
      }
    };
    this.#queue.add(work).catch((error) => this.onFailure(error, `job ${id} was not kept`));
  }

  /** The pointer knows of promotions and rollbacks that a process ended before it could tell. */
  async #settle(model: HostedModel): Promise<void> {
    const open = this.list(model.id).filter(
      ({ status }) => status === "promoted" || (isUnderWay(status) && status !== "queued"),
    );
    const changes = open.length > 0 ? await model.changes() : [];
    for (const { job_id: id, status } of open) {
      const fate = promotionFate(changes, id);
      if (fate && isUnderWay(status)) await this.#end(id, { status: fate });
      else if (fate && fate !== status) await this.#change(id, { status: fate });
      if (fate || !isUnderWay(status)) continue;
      const message = "The service ended while the job ran. Ask for it again.";
      await this.#end(id, { status: "failed", error: { code: "UPDATE_CANCELLED", message } });
    }
  }

  /** Progress of the job that runs, and rollbacks of what jobs have promoted. */
  #follow(event: LearnerEvent): void {
    const { type, modelId } = event;
    if (type === "update-progressed") {
      const job = this.list(modelId).find(({ job_id }) => this.#signals.has(job_id));
      const { step, maxSteps, loss } = event;
      if (job) job.progress = { step, max_steps: maxSteps, loss: finite(loss) };
    }
    if (type === "rolled-back") {
      this.#settleRollback(modelId).catch((error) =>
        this.onFailure(error, `a rollback of ${modelId} was not told of its job`),
      );
    }
  }

  async #settleRollback(modelId: string): Promise<void> {
    const promoted = this.list(modelId).filter(({ status }) => status === "promoted");
    if (promoted.length === 0) return;
    const changes = await this.#parts.host.find(modelId).changes();
    for (const { job_id: id } of promoted) {
      const isGone = promotionFate(changes, id) === "rolled_back";
      if (isGone && this.find(id).status === "promoted") {
        await this.#change(id, { status: "rolled_back" });
      }
    }
  }

  #end(id: string, changes: Partial<Job>): Promise<Job> {
    const isEnd = changes.status !== "queued";
    const finished_at = isEnd ? this.#now() : null;
    return this.#change(id, { ...changes, finished_at, progress: null });
  }

  async #change(id: string, changes: Partial<Job>): Promise<Job> {
    const job = await this.#parts.table.change(id, changes);
    this.#tell(job);
    return job;
  }

  #tell(job: Job): void {
    for (const listener of this.#listeners) listener(job);
  }

  #now(): string {
    return new Date(millisecondsOf("now()", this.#parts.now())).toISOString();
  }
}

/** Left to the next process. */
const PARKED: Partial<Job> = { status: "queued", started_at: null, report: null, error: null };

/** As clients may see it. */
function errorOf(error: unknown): NonNullable<Job["error"]> {
  const { code = "UPDATE_FAILED", detail: message } = problemOf(error);
  return { code, message };
}
