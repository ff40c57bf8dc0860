// Keeps what the service knows of one model: loads it, listens, loads again what has changed.

import type {
  AuditPage,
  AuditRecord,
  Performance,
  ServedEvent,
  Status,
  Version,
  VersionPage,
} from "./answers.ts";
import { LiveEvents, type LiveState } from "./live-events.ts";
import type { ServiceClient } from "./service-client.ts";
import { Throttle } from "./throttle.ts";

/** How often what changes without an event is asked for, while somebody looks. */
const POLL_MS = 3000;
const STATUS_REST_MS = 500;
const PERFORMANCE_REST_MS = 2000;
const HISTORY_REST_MS = 1000;
/** An event is told before it is in the audit log; so often is the log read again for it. */
const MOST_LOOKS = 10;
/** Events that are never in the audit log. */
const UNAUDITED: readonly string[] = ["checkpoint-failed", "job-changed"];
const PAGE = 200;
const LARGEST_PAGE = 1000;

/** The step of an update that runs. */
export interface Progress {
  step: number;
  maxSteps: number;
  loss: number | null;
}

/** Everything that is shown of a model. */
export interface ModelData {
  status: Status | undefined;
  performance: Performance | undefined;
  /** Newest first. */
  versions: readonly Version[];
  /** Newest first, without a gap. */
  events: readonly AuditRecord[];
  progress: Progress | undefined;
  hasOlder: boolean;
}

/** Whom a watch tells. */
interface WatchListener {
  changed(data: ModelData): void;
  standsAt(state: LiveState): void;
  failed(error: unknown): void;
}

/** One model, watched until `stop`. */
export class ModelWatch {
  readonly #client: ServiceClient;
  readonly #path: string;
  readonly #listener: WatchListener;
  readonly #live: LiveEvents;
  readonly #status = new Throttle(() => this.#load(() => this.#loadStatus()), STATUS_REST_MS);
  readonly #performance = new Throttle(
    () => this.#load(() => this.#loadPerformance()),
    PERFORMANCE_REST_MS,
  );
  readonly #history = new Throttle(() => this.#load(() => this.#loadHistory()), HISTORY_REST_MS);
  readonly #data: ModelData = {
    status: undefined,
    performance: undefined,
    versions: [],
    events: [],
    progress: undefined,
    hasOlder: false,
  };
  #poll: ReturnType<typeof setInterval> | undefined;
  /** Versions to load; grows when older ones are asked for. */
  #wanted = PAGE;
  /** The moment of an event that the audit log has to show. */
  #awaited = "";
  #looks = 0;
  #isLive = false;
  #isStopped = false;

  constructor(client: ServiceClient, modelId: string, listener: WatchListener) {
    this.#client = client;
    this.#listener = listener;
    const id = encodeURIComponent(modelId);
    this.#path = `api/v1/models/${id}`;
    this.#live = new LiveEvents({
      open: (signal) => client.open(`api/v1/events?model_id=${id}`, signal),
      hear: (data) => this.#hear(JSON.parse(data)),
      standsAt: (state) => {
        if (this.#isStopped) return;
        this.#isLive = state === "live";
        listener.standsAt(state);
        if (state === "live") this.loadAll();
      },
      failed: (error) => listener.failed(error),
    });
  }

  start(): void {
    void this.#live.run();
    this.#poll = setInterval(() => {
      if (document.hidden || !this.#isLive) return;
      this.#status.request();
      this.#performance.request();
    }, POLL_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#poll);
    this.#live.stop();
    for (const each of [this.#status, this.#performance, this.#history]) each.stop();
  }

  /** Loads everything anew. */
  loadAll(): void {
    for (const each of [this.#status, this.#performance, this.#history]) each.request();
  }

  /** Somebody looks again: what was missed is loaded, a broken stream opened. */
  wake(): void {
    this.#live.retryNow();
    this.loadAll();
  }

  /** Does what an operator asks for, and shows the status after it. Throws Problem. */
  async act(action: "rollback" | "freeze" | "unfreeze", body: object): Promise<Status> {
    const status = await this.#client.act<Status>(`${this.#path}/${action}`, body);
    this.#data.status = status;
    this.#changed();
    this.#history.request();
    return status;
  }

  /** Loads the page before the oldest one. Throws Problem. */
  async loadOlder(): Promise<void> {
    const oldest = this.#data.events.at(-1)?.seq ?? 0;
    this.#wanted += PAGE;
    const page = await this.#readAudit(`&before=${oldest}`);
    if (this.#data.events.at(-1)?.seq !== oldest) return;
    this.#data.events = [...this.#data.events, ...page.events];
    this.#data.hasOlder = page.next_before !== null;
    this.#history.request();
    this.#changed();
  }

  async #load(load: () => Promise<void>): Promise<void> {
    try {
      await load();
      this.#changed();
    } catch (error) {
      if (!this.#isStopped) this.#listener.failed(error);
    }
  }

  async #loadStatus(): Promise<void> {
    const status = await this.#client.read<Status>(`${this.#path}/status`);
    this.#data.status = status;
    if (status.state !== "updating") this.#data.progress = undefined;
  }

  async #loadPerformance(): Promise<void> {
    this.#data.performance = await this.#client.read<Performance>(`${this.#path}/performance`);
  }

  async #loadHistory(): Promise<void> {
    const [versions, page] = await Promise.all([this.#readVersions(), this.#readAudit("")]);
    const { events } = this.#data;
    const first = page.events.at(-1)?.seq ?? 0;
    const isJoined = page.next_before !== null && (events[0]?.seq ?? -1) >= first - 1;
    const older = isJoined ? events.filter(({ seq }) => seq < first) : [];
    if (older.length === 0) this.#data.hasOlder = page.next_before !== null;
    this.#data.versions = versions;
    this.#data.events = [...page.events, ...older];
    const newest = page.events[0]?.timestamp ?? "";
    if (newest >= this.#awaited || this.#looks >= MOST_LOOKS) return;
    this.#looks += 1;
    this.#history.request();
  }

  #readAudit(query: string): Promise<AuditPage> {
    return this.#client.read(`${this.#path}/audit?limit=${PAGE}${query}`);
  }

  async #readVersions(): Promise<Version[]> {
    const versions: Version[] = [];
    let before = "";
    while (versions.length < this.#wanted) {
      const limit = Math.min(LARGEST_PAGE, this.#wanted - versions.length);
      const page = await this.#client.read<VersionPage>(
        `${this.#path}/versions?limit=${limit}${before}`,
      );
      versions.push(...page.versions);
      if (page.next_before === null) break;
      before = `&before=${page.next_before}`;
    }
    return versions;
  }

  #hear({ event_type, timestamp, details }: ServedEvent): void {
    if (event_type === "update-progressed") {
      const { step, max_steps, loss } = details as Record<string, number>;
      this.#data.progress = { step: step!, maxSteps: max_steps!, loss: loss ?? null };
      this.#changed();
      return;
    }
    this.#data.progress = undefined;
    if (!UNAUDITED.includes(event_type)) {
      this.#awaited = timestamp;
      this.#looks = 0;
    }
    this.loadAll();
  }

  #changed(): void {
    if (!this.#isStopped) this.#listener.changed({ ...this.#data });
  }
}
