// Jobs across the end of a process: parked, interrupted, promoted and not told, damaged, forgotten.

import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { writeRecord } from "../../src/foundation.ts";
import { MemoryStore } from "../../src/index.ts";
import { type Job, jobRecord } from "../../src/service/jobs/job.ts";
import { JobTable } from "../../src/service/jobs/job-table.ts";
import { startService } from "../../src/service/service.ts";
import { batch } from "./served.ts";
import { dated, QUICK, QUIET, SLOW, UpdateDesk } from "./update-desk.ts";

const desks: UpdateDesk[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const { served } of desks.splice(0).reverse()) await served.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const opened = (desk: UpdateDesk): UpdateDesk => {
  desks.push(desk);
  return desk;
};

/** What a kill at this moment would leave on disk. */
function leftByKill({ served }: UpdateDesk): string {
  const folder = mkdtempSync(join(tmpdir(), "driftkeel-killed-"));
  folders.push(folder);
  const isLock = (path: string) => /^\..*lock(-[0-9a-f]+)?$/.test(basename(path));
  cpSync(served.baseDir, folder, { recursive: true, filter: (path) => !isLock(path) });
  return folder;
}

describe("a service that ends", () => {
  it("parks the job that trains; the next process runs it", async () => {
    const first = opened(await UpdateDesk.open(SLOW));
    const id = await first.start();
    await first.until(id, ({ progress }) => progress !== null);
    await first.served.stop();
    const second = opened(await UpdateDesk.reopen(first.served.baseDir));
    const job = await second.ended(id);
    expect(job).toMatchObject({ status: "promoted", job_id: id, error: null });
    expect(job.report!.version_id).toBe((await second.status()).version_id);
  });

  it("does not run again what a client has cancelled", async () => {
    const first = opened(await UpdateDesk.open(SLOW));
    const id = await first.start();
    await first.until(id, ({ progress }) => progress !== null);
    const cancelled = first.cancel(id);
    await Promise.all([cancelled, first.served.jobs.close()]);
    await first.served.stop();
    const second = opened(await UpdateDesk.reopen(first.served.baseDir));
    expect((await second.job(id)).status).toBe("cancelled");
  });

  it("takes no new job while it ends", async () => {
    const desk = opened(await UpdateDesk.open());
    await desk.served.jobs.close();
    const { status, json } = await desk.ask(QUICK);
    expect([status, json.detail]).toEqual([503, "The service is ending."]);
  });
});

describe("a process that is killed", () => {
  it("leaves what waited to the next one, which runs it", async () => {
    const first = opened(await UpdateDesk.open(SLOW, dated(batch(600)), { other: SLOW }));
    const running = await first.start();
    await first.until(running, ({ progress }) => progress !== null);
    const waiting = await first.start({ ...QUICK, model_id: "other" });
    const left = leftByKill(first);
    for (const id of [running, waiting]) await first.cancel(id);
    const second = opened(await UpdateDesk.reopen(left, QUIET, { other: QUIET }));
    const job = await second.ended(waiting);
    expect(job).toMatchObject({ status: "rejected", model_id: "other" });
    expect(job.report!.reason).toContain("0 training samples");
    expect((await second.job(running)).status).toBe("failed");
  });

  it("leaves a job that trained as failed, with the reason", async () => {
    const first = opened(await UpdateDesk.open(SLOW));
    const key = { "idempotency-key": "once" };
    const id = await first.start(QUICK, key);
    await first.until(id, ({ progress }) => progress !== null);
    const left = leftByKill(first);
    await first.cancel(id);
    const second = opened(await UpdateDesk.reopen(left));
    const job = await second.job(id);
    expect(job).toMatchObject({ status: "failed", report: null, progress: null });
    expect(job.error).toEqual({
      code: "UPDATE_CANCELLED",
      message: "The service ended while the job ran. Ask for it again.",
    });
    expect((await second.ask(QUICK, key)).json.job_id).toBe(id);
    expect((await second.ended(await second.start())).status).toBe("promoted");
  });

  it("leaves a job as promoted when its version was, told or not", async () => {
    const first = opened(await UpdateDesk.open());
    const id = await first.start();
    await first.ended(id);
    await first.served.stop();
    await rewriteJob(first, id, { status: "evaluating", report: null, finished_at: null });
    const second = opened(await UpdateDesk.reopen(first.served.baseDir));
    expect(await second.job(id)).toMatchObject({ status: "promoted", error: null });
    await second.served.ask("POST", "/api/v1/models/signal/rollback");
    await second.until(id, ({ status }) => status === "rolled_back");
  });

  it("leaves a job as rolled back when its version was, told or not", async () => {
    const first = opened(await UpdateDesk.open());
    const id = await first.start();
    const promoted = await first.ended(id);
    await first.served.ask("POST", "/api/v1/models/signal/rollback");
    await first.until(id, ({ status }) => status === "rolled_back");
    await first.served.stop();
    for (const status of ["promoted", "evaluating"] as const) {
      await rewriteJob(first, id, { status });
      const again = await UpdateDesk.reopen(first.served.baseDir);
      const job = await again.job(id);
      expect([job.status, job.report]).toEqual(["rolled_back", promoted.report]);
      await again.served.stop();
    }
  });
});

/** Changes the record of a job on disk, as a process would leave it that had come no further. */
async function rewriteJob({ served }: UpdateDesk, id: string, changes: Partial<Job>) {
  const table = await JobTable.open(join(served.baseDir, ".jobs"), ["signal"]);
  await table.change(id, changes);
  await table.close();
}

describe("records on disk", () => {
  it("that are damaged are passed over, stay, and are reported", async () => {
    const first = opened(await UpdateDesk.open());
    const id = await first.start({ ...QUICK, dry_run: true });
    await first.ended(id);
    await first.served.stop();
    const folder = join(first.served.baseDir, ".jobs/signal");
    const renamed = "job-of-another-name";
    cpSync(join(folder, id), join(folder, renamed));
    writeFileSync(join(folder, "job-cut"), '{"format_version":1,');
    writeFileSync(join(folder, "job-empty"), "");
    const lines: string[] = [];
    const service = await startService({
      config: { name: "a.json", text: JSON.stringify({ models: { signal: QUIET } }) },
      baseDir: first.served.baseDir,
      port: 0,
      log: { write: (line) => void lines.push(line) },
    });
    const known = (await (await fetch(`${service.url}/api/v1/jobs`)).json()) as { jobs: Job[] };
    await service.close();
    expect(known.jobs.map(({ job_id }) => job_id)).toEqual([id]);
    for (const name of [renamed, "job-cut", "job-empty"]) {
      expect(lines.join("")).toContain(`"file":"signal/${name}","msg":"no job as it was written"`);
    }
    const second = opened(await UpdateDesk.reopen(first.served.baseDir));
    expect(second.served.jobs.damaged).toHaveLength(3);
  });

  it("are kept of the newest 1000 jobs that have ended, and of all that have not", async () => {
    const folder = mkdtempSync(join(tmpdir(), "driftkeel-jobs-"));
    folders.push(folder);
    const job: Job = {
      ...{ job_id: "job-0", model_id: "signal", status: "failed", source: "api" },
      request: {
        data_window: { start: "2026-09-20", end: "2026-11-20" },
        ...{ ...QUICK, stability_check: true, dry_run: false },
      },
      ...{ created_at: "2026-11-20", started_at: null, finished_at: "2026-11-20" },
      ...{ progress: null, report: null, error: null },
    };
    expect(jobRecord.parse(job)).toEqual(job);
    const ended = await JobTable.open(folder, ["signal"]);
    await ended.close();
    for (let index = 0; index < 1000; index++) {
      const id = `job-${index}`;
      const record = { format_version: 1, sequence: index + 1, asked: null };
      const status = index === 0 ? "queued" : "failed";
      const text = await sealed({ ...record, job: { ...job, job_id: id, status } });
      writeFileSync(join(folder, "signal", id), text);
    }
    const table = await JobTable.open(folder, ["signal"]);
    expect([table.list().length, table.damaged]).toEqual([1000, []]);
    for (const id of ["job-1000", "job-1001"]) await table.add({ ...job, job_id: id });
    await table.close();
    const again = await JobTable.open(folder, ["signal"]);
    const ids = again.list().map(({ job_id }) => job_id);
    expect(ids).toHaveLength(1001);
    expect([ids[0], ids[1], ids.at(-1)]).toEqual(["job-0", "job-2", "job-1001"]);
    await again.close();
  });
});

/** A record as a store keeps it. */
async function sealed(record: object): Promise<Uint8Array> {
  const store = new MemoryStore();
  await writeRecord(store, "record", record);
  return (await store.read("record"))!;
}
