// Server-sent events: every event of the models as text, for a bounded number of listeners.

import { Readable } from "node:stream";
import type { LearnerEvent } from "../index.ts";
import type { Job } from "./jobs/job.ts";
import type { UpdateJobs } from "./jobs/update-jobs.ts";
import type { ModelHost } from "./model-host.ts";
import { ProblemError } from "./problem.ts";

/** Bytes a listener may lag behind before it is cut off; it may connect again. */
const LARGEST_LAG_BYTES = 1024 * 1024;

/** How many may listen, and how often a silent stream shows that it lives. */
interface EventFeedLimits {
  maxEventStreams: number;
  heartbeatMs: number;
}

/** Whose events are handed out. */
interface EventSources {
  host: ModelHost;
  jobs: UpdateJobs;
}

/** Hands the events of a host and its jobs to those who listen. */
export class EventFeed {
  readonly #sources: EventSources;
  readonly #limits: EventFeedLimits;
  readonly #streams = new Set<FeedStream>();

  constructor(sources: EventSources, limits: EventFeedLimits) {
    this.#sources = sources;
    this.#limits = limits;
  }

  /** A stream of the events from now on, of one model or of all. Throws a problem: 503. */
  open(modelId?: string): Readable {
    if (this.#streams.size >= this.#limits.maxEventStreams) {
      const detail = `Expected at most ${this.#limits.maxEventStreams} streams of events.`;
      throw new ProblemError(503, detail, { "Retry-After": "10" });
    }
    const stream = new FeedStream(this.#limits.heartbeatMs);
    const { host, jobs } = this.#sources;
    const tell = (record: EventRecord) => {
      if (modelId === undefined || record.model_id === modelId) stream.tell(textOf(record));
    };
    const leaveHost = host.listen((event) => tell(recordOf(event)));
    const leaveJobs = jobs.listen((job) => tell(jobRecordOf(job)));
    this.#streams.add(stream);
    stream.once("close", () => {
      leaveHost();
      leaveJobs();
      this.#streams.delete(stream);
    });
    return stream;
  }

  /** Ends every stream. */
  close(): void {
    for (const stream of this.#streams) stream.end();
  }
}

/** One listener's stream. */
class FeedStream extends Readable {
  readonly #heartbeat: NodeJS.Timeout;
  #hasEnded = false;

  constructor(heartbeatMs: number) {
    super();
    this.#heartbeat = setInterval(() => this.tell(": heartbeat\n\n"), heartbeatMs).unref();
    this.push(": listening\n\n"); // the headers go out with the first bytes
  }

  /** Events come when they come, not when they are asked for. */
  override _read(): void {}

  tell(text: string): void {
    if (this.#hasEnded || this.destroyed) return;
    this.push(text);
    if (this.readableLength > LARGEST_LAG_BYTES) this.destroy();
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.push(null);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearInterval(this.#heartbeat);
    done(error);
  }
}

/** An event as it is sent. */
interface EventRecord {
  event_type: string;
  timestamp: string;
  model_id: string;
  details: Record<string, unknown>;
}

function recordOf({ type, at, modelId, ...members }: LearnerEvent): EventRecord {
  const details = Object.entries(members).map(([name, value]) => [snakeCase(name), value]);
  return {
    event_type: type,
    timestamp: new Date(at).toISOString(),
    model_id: modelId,
    details: Object.fromEntries(details),
  };
}

function jobRecordOf(job: Job): EventRecord {
  const { job_id, model_id, status, source, request, report, error } = job;
  const { reason = null, version_id = null } = report ?? {};
  return {
    event_type: "job-changed",
    timestamp: job.finished_at ?? job.started_at ?? job.created_at,
    model_id,
    details: { job_id, status, source, dry_run: request.dry_run, reason, version_id, error },
  };
}

function textOf(record: EventRecord): string {
  return `event: ${record.event_type}\ndata: ${JSON.stringify(record)}\n\n`;
}

/** `versionId` as `version_id`. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
