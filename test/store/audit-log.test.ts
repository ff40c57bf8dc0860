// The audit log: its order, its chain, its torn last line, and what verification finds.

import { describe, expect, it } from "vitest";
import { NO_HASH } from "../../src/store/audit-line.ts";
import { type AuditEntry, AuditLog, type AuditLogOptions } from "../../src/store/audit-log.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";

const noon = Date.UTC(2026, 10, 20, 12);
const encoder = new TextEncoder();

function onDisk(disk = new FaultyDisk()) {
  const open = (options: AuditLogOptions = {}) =>
    AuditLog.open("/logs/audit.jsonl", {
      disk,
      lockHost: disk.lockHost,
      now: () => noon,
      ...options,
    });
  return { disk, open };
}

const event = (outcome: string, details?: Record<string, unknown>): AuditEntry => ({
  eventType: "drift",
  outcome,
  ...(details && { details }),
});

/** A log of five events, closed, and a way to edit its lines. */
async function closedLog() {
  const { disk, open } = onDisk();
  const log = await open();
  for (const outcome of ["a", "b", "c", "d", "e"]) await log.log(event(outcome));
  await log.close();
  const edit = (change: (lines: string[]) => string[]) =>
    disk.tamper("/logs/audit.jsonl", (bytes) => {
      const lines = new TextDecoder().decode(bytes).trimEnd().split("\n");
      return encoder.encode(
        change(lines)
          .map((line) => `${line}\n`)
          .join(""),
      );
    });
  return { disk, open, edit };
}

describe("events", () => {
  it("are read back as they were logged, each with the hash of the one before", async () => {
    const { open } = onDisk();
    const log = await open();
    await log.log({
      eventType: "safe-mode",
      outcome: "frozen",
      details: { 'ünï "quoted"\n': [1, null, { nested: -0.5 }], "1": "first for JSON" },
      timestamp: new Date(5),
    });
    await log.log({ eventType: "job", outcome: "done", timestamp: 6 });
    await log.log(event("found"));
    const [one, two, three] = await log.readAll();
    expect(one).toMatchObject({
      timestamp: new Date(5),
      eventType: "safe-mode",
      outcome: "frozen",
      details: { 'ünï "quoted"\n': [1, null, { nested: -0.5 }], "1": "first for JSON" },
      seq: 0,
      prevHash: NO_HASH,
    });
    expect(two).toMatchObject({ timestamp: new Date(6), seq: 1, prevHash: one?.hash });
    expect(three).toMatchObject({ timestamp: new Date(noon), seq: 2, prevHash: two?.hash });
    expect(three).not.toHaveProperty("details");
    expect(log.head).toEqual({ seq: 2, hash: three?.hash });
    await log.close();
    const again = await open();
    expect(await again.readAll()).toEqual([one, two, three]);
    await again.log(event("later"));
    expect(await again.verify()).toEqual({ intact: true, events: 4 });
  });

  it("stand on disk under the names that are written down", async () => {
    const { disk, open } = onDisk();
    await (await open()).log(event("found", { a: 1 }));
    const text = new TextDecoder().decode(await disk.read("/logs/audit.jsonl"));
    expect(text.endsWith('"}\n')).toBe(true);
    expect(Object.entries(JSON.parse(text))).toEqual([
      ["timestamp", "2026-11-20T12:00:00.000Z"],
      ["event_type", "drift"],
      ["details", { a: 1 }],
      ["outcome", "found"],
      ["seq", 0],
      ["prev_hash", NO_HASH],
      ["hash", expect.stringMatching(/^[0-9a-f]{64}$/)],
    ]);
  });

  it("that wait together share a sync, in the order of the calls", async () => {
    const { disk, open } = onDisk();
    const log = await open();
    await log.log(event("first"));
    const before = disk.trace.length;
    const outcomes = Array.from({ length: 50 }, (_, index) => `event ${index}`);
    await Promise.all(outcomes.map((outcome) => log.log(event(outcome))));
    const syncs = disk.trace.slice(before).filter((what) => what.startsWith("sync "));
    expect(syncs).toHaveLength(1);
    expect((await log.readAll()).slice(1).map(({ outcome }) => outcome)).toEqual(outcomes);
  });

  it("do not change with what the caller does to the details afterwards", async () => {
    const log = await onDisk().open();
    const details = { list: [1] };
    const logging = log.log(event("a", details));
    details.list.push(2);
    await logging;
    expect((await log.readAll())[0]?.details).toEqual({ list: [1] });
  });

  it("that cannot be are refused, and the log goes on", async () => {
    const log = await onDisk().open();
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const cases: [unknown, string][] = [
      [undefined, "OPTION_INVALID"],
      [{ eventType: "party", outcome: "a" }, "OPTION_INVALID"],
      [{ eventType: "job" }, "OPTION_INVALID"],
      [{ eventType: "job", outcome: "" }, "OPTION_INVALID"],
      [{ eventType: "job", outcome: "a".repeat(257) }, "OPTION_INVALID"],
      [{ eventType: "job", outcome: "a", extra: 1 }, "OPTION_UNKNOWN"],
      [{ eventType: "job", outcome: "a", details: cycle }, "ARGUMENT_TYPE"],
      [{ eventType: "job", outcome: "a", details: { big: 1n } }, "ARGUMENT_TYPE"],
      [{ eventType: "job", outcome: "a", details: [1] }, "ARGUMENT_TYPE"],
      [{ eventType: "job", outcome: "a", details: { a: "x".repeat(1e6) } }, "ARGUMENT_RANGE"],
      [{ eventType: "job", outcome: "a", timestamp: new Date(Number.NaN) }, "ARGUMENT_RANGE"],
      [{ eventType: "job", outcome: "a", timestamp: "now" }, "ARGUMENT_TYPE"],
    ];
    for (const [entry, code] of cases) {
      await expect(log.log(entry as AuditEntry)).rejects.toMatchObject({ code });
    }
    await log.log({ eventType: "job", outcome: "a".repeat(256) });
    expect(await log.verify()).toEqual({ intact: true, events: 1 });
  });
});

describe("a last line that a crash cut short", () => {
  it("is removed and reported, wherever it was cut", async () => {
    const { disk, open } = onDisk();
    const log = await open();
    await log.log(event("kept"));
    const kept = (await disk.read("/logs/audit.jsonl"))?.length as number;
    await log.log(event("torn"));
    const whole = (await disk.read("/logs/audit.jsonl")) as Uint8Array;
    for (const cut of [kept + 1, kept + 10, whole.length - 2]) {
      const next = disk.restart("kept");
      next.tamper("/logs/audit.jsonl", () => whole.slice(0, cut));
      const again = await onDisk(next).open();
      expect(again.repaired).toEqual({ line: 2, sizeBytes: cut - kept, action: "removed" });
      await again.log(event("next"));
      expect((await again.readAll()).map(({ outcome }) => outcome)).toEqual(["kept", "next"]);
      expect(await again.verify()).toEqual({ intact: true, events: 2 });
    }
  });

  it("is completed when only its line feed is missing", async () => {
    const { disk, open } = onDisk();
    const log = await open();
    await log.log(event("a"));
    await log.log(event("b"));
    const next = disk.restart("kept");
    next.tamper("/logs/audit.jsonl", (bytes) => bytes.slice(0, -1));
    const reader = await onDisk(next).open({ readOnly: true });
    expect(await reader.readAll()).toHaveLength(2);
    expect(await reader.verify()).toEqual({ intact: true, events: 2 });
    const again = await onDisk(next).open();
    expect(again.repaired).toMatchObject({ line: 2, action: "completed" });
    await again.log(event("c"));
    expect(await again.verify()).toEqual({ intact: true, events: 3 });
  });

  it("is left to the writer by a reader", async () => {
    const { disk, open } = await closedLog();
    disk.tamper("/logs/audit.jsonl", (bytes) => new Uint8Array([...bytes, 0x7b, 0x22]));
    const before = await disk.read("/logs/audit.jsonl");
    const reader = await open({ readOnly: true });
    expect(await reader.readAll()).toHaveLength(5);
    expect(await reader.verify()).toEqual({ intact: true, events: 5 });
    await expect(reader.log(event("x"))).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
    await reader.close();
    expect(await disk.read("/logs/audit.jsonl")).toEqual(before);
  });
});

describe("verification", () => {
  const found = async (change: (lines: string[]) => string[]) => {
    const { edit, open } = await closedLog();
    edit(change);
    const { intact, problem } = await (await open({ readOnly: true })).verify();
    expect(intact).toBe(problem === undefined);
    return problem;
  };

  it("finds nothing in what nobody changed", async () => {
    expect(await found((lines) => lines)).toBe(undefined);
    const empty = await onDisk().open();
    expect(await empty.verify()).toEqual({ intact: true, events: 0 });
  });

  it("finds the first altered line", async () => {
    const alter = (lines: string[]) => lines.map((line) => line.replace('"c"', '"x"'));
    expect(await found(alter)).toEqual({ kind: "altered", line: 3 });
    const blank = (lines: string[]) => [...lines.slice(0, 1), "", ...lines.slice(1)];
    expect(await found(blank)).toEqual({ kind: "altered", line: 2 });
  });

  it("finds the first missing line", async () => {
    for (const gone of [0, 1, 3]) {
      const remove = (lines: string[]) => lines.filter((_, index) => index !== gone);
      expect(await found(remove)).toEqual({ kind: "missing", line: gone + 1 });
    }
  });

  it("finds the first reordered line, and a line that is there twice", async () => {
    const swap = ([a = "", b = "", c = "", ...rest]: string[]) => [a, c, b, ...rest];
    expect(await found(swap)).toEqual({ kind: "reordered", line: 2 });
    const twice = ([a = "", b = "", ...rest]: string[]) => [a, b, b, ...rest];
    expect(await found(twice)).toEqual({ kind: "reordered", line: 3 });
  });

  it("finds lines cut off at the end, by the head beside the log or elsewhere", async () => {
    expect(await found((lines) => lines.slice(0, 3))).toEqual({ kind: "truncated", line: 3 });
    expect(await found(() => [])).toEqual({ kind: "truncated", line: 0 });

    const { disk, open } = onDisk();
    const log = await open();
    for (const outcome of ["a", "b", "c"]) await log.log(event(outcome));
    const { head } = log;
    disk.tamper("/logs/audit.jsonl", (bytes) => bytes.slice(0, bytes.indexOf(0x0a) + 1));
    const reader = await open({ readOnly: true });
    // Not closed yet, so that no head is beside it: this cannot show ...
    expect(await reader.verify()).toEqual({ intact: true, events: 1 });
    // ... but to who has kept one.
    const problem = { kind: "truncated", line: 1 };
    expect(await reader.verify({ head: head as { seq: number; hash: string } })).toMatchObject({
      problem,
    });
  });

  it("finds a history that was written anew, by the head", async () => {
    const { disk, open } = await closedLog();
    const head = await disk.read("/logs/audit.jsonl.head");
    await disk.remove("/logs/audit.jsonl");
    await disk.remove("/logs/audit.jsonl.head");
    const forger = await open();
    for (const outcome of ["a", "x", "c", "d", "e", "f"]) await forger.log(event(outcome));
    await forger.close();
    disk.tamper("/logs/audit.jsonl.head", () => head as Uint8Array);
    const { problem } = await (await open({ readOnly: true })).verify();
    expect(problem).toEqual({ kind: "altered", line: 5 });
  });

  it("finds a line replaced by one of another log that fits itself", async () => {
    const forged = new TextDecoder().decode(await bytesOfLog(["a", "b", "X", "d"]));
    const line = forged.split("\n")[2] as string;
    const replace = (lines: string[]) => lines.map((each, index) => (index === 2 ? line : each));
    expect(await found(replace)).toEqual({ kind: "altered", line: 3 });
  });

  it("reads what cannot be read as an error that names the line", async () => {
    const { edit, open } = await closedLog();
    edit((lines) => lines.map((line) => line.replace('"d"', '"D"')));
    await expect((await open({ readOnly: true })).readAll()).rejects.toMatchObject({
      code: "AUDIT_CORRUPT",
      message: expect.stringContaining("line 4"),
    });
    // A damaged line in the middle stops nobody from writing on: the chain keeps it visible.
    const log = await open();
    await log.log(event("later"));
    expect(await log.verify()).toMatchObject({ problem: { kind: "altered", line: 4 } });
  });
});

/** The bytes of a log with these outcomes. */
async function bytesOfLog(outcomes: string[]): Promise<Uint8Array> {
  const { disk, open } = onDisk();
  const log = await open();
  for (const outcome of outcomes) await log.log(event(outcome));
  return (await disk.read("/logs/audit.jsonl")) as Uint8Array;
}

describe("the head", () => {
  it("is written at every hundredth event and at the end", async () => {
    const { disk, open } = onDisk();
    const log = await open();
    const seqOnDisk = async () => {
      const bytes = await disk.read("/logs/audit.jsonl.head");
      return bytes && JSON.parse(new TextDecoder().decode(bytes)).seq;
    };
    for (let count = 0; count < 99; count++) await log.log(event("x"));
    expect(await seqOnDisk()).toBe(undefined);
    await log.log(event("x"));
    await log.verify(); // has waited for the head
    expect(await seqOnDisk()).toBe(99);
    await log.log(event("x"));
    await log.close();
    expect(await seqOnDisk()).toBe(100);
  });

  it("keeps a log from being written on after its end was cut off", async () => {
    const { edit, open, disk } = await closedLog();
    edit((lines) => lines.slice(0, 4));
    await expect(open()).rejects.toMatchObject({ code: "AUDIT_CORRUPT" });
    await disk.remove("/logs/audit.jsonl");
    await expect(open()).rejects.toMatchObject({ code: "AUDIT_CORRUPT" });
  });
});

describe("one log", () => {
  it("has one writer; another file in the folder has its own", async () => {
    const { disk, open } = onDisk();
    const log = await open();
    await expect(open()).rejects.toMatchObject({ code: "STORE_LOCKED" });
    const other = await AuditLog.open("/logs/other.jsonl", { disk, lockHost: disk.lockHost });
    await other.close();
    await log.close();
    await log.close();
    await expect(log.log(event("x"))).rejects.toMatchObject({ code: "STORE_CLOSED" });
    await expect(log.readAll()).rejects.toMatchObject({ code: "STORE_CLOSED" });
    await expect(log.verify()).rejects.toMatchObject({ code: "STORE_CLOSED" });
    await (await open()).close();
  });

  it("takes only options that it knows", async () => {
    const { open } = onDisk();
    await expect(open({ path: "x" } as object)).rejects.toMatchObject({ code: "OPTION_UNKNOWN" });
    await expect(AuditLog.open("")).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(AuditLog.open(1 as never)).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });
});
