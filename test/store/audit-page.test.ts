// Pages of an audit log from its end: what is in them, what they read, what shows in them.

import { describe, expect, it } from "vitest";
import { type AuditEntry, AuditLog, type AuditLogOptions } from "../../src/store/audit-log.ts";
import { linesFromEnd } from "../../src/store/lines-from-end.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";

const PATH = "/logs/audit.jsonl";
const encoder = new TextEncoder();

function onDisk(disk = new FaultyDisk()) {
  const place = { disk, lockHost: disk.lockHost, now: () => 0 };
  const open = (options: AuditLogOptions = {}) => AuditLog.open(PATH, { ...place, ...options });
  return { disk, open };
}

const event = (outcome: string, text = ""): AuditEntry => ({
  eventType: "drift",
  outcome,
  details: { text },
});

/** A log of `count` events, open for reading alone. */
async function written(count: number, textOf: (index: number) => string = () => "") {
  const { disk, open } = onDisk();
  const log = await open();
  await Promise.all(
    Array.from({ length: count }, (_, index) => log.log(event(`${index}`, textOf(index)))),
  );
  const all = await log.readAll();
  await log.close();
  return { disk, all, log: await open({ readOnly: true }) };
}

const numbers = (events: readonly { seq: number }[]) => events.map(({ seq }) => seq);

describe("a page", () => {
  it("holds the newest events, newest first, and the next one goes on before it", async () => {
    const { log, all } = await written(10);
    expect(await log.readPage({ limit: 3 })).toEqual(all.slice(-3).reverse());
    expect(numbers(await log.readPage({ limit: 3, before: 7 }))).toEqual([6, 5, 4]);
    expect(numbers(await log.readPage({ limit: 3, before: 1 }))).toEqual([0]);
    expect(await log.readPage({ limit: 3, before: 0 })).toEqual([]);
    expect(await log.readPage({ limit: 10_000, before: 99 })).toEqual(all.toReversed());
  });

  it("of an empty log, and of none, is empty", async () => {
    const { open } = onDisk();
    const log = await open();
    expect(await log.readPage({ limit: 5 })).toEqual([]);
    await log.log(event("a"));
    expect(await log.readPage({ limit: 5 })).toHaveLength(1);
  });

  it("crosses blocks with lines longer than one, and characters of several bytes", async () => {
    const { log, all } = await written(40, (at) => "ü€😀".repeat(at % 5 === 0 ? 20_000 : at * 50));
    expect(await log.readPage({ limit: 10_000 })).toEqual(all.toReversed());
    for (let before = 40; before > 0; before--) {
      expect(numbers(await log.readPage({ limit: 2, before }))).toEqual(
        [before - 1, before - 2].filter((seq) => seq >= 0),
      );
    }
  });

  it("reads no more of the file than it needs", async () => {
    const { disk, log } = await written(3000, () => "x".repeat(200));
    let bytes = 0;
    const readPart = disk.readPart.bind(disk);
    disk.readPart = async (...part) => {
      const read = await readPart(...part);
      bytes += read?.length ?? 0;
      return read;
    };
    expect(await log.readPage({ limit: 10 })).toHaveLength(10);
    expect(bytes).toBeLessThanOrEqual(65_536);
  });

  it("passes over a torn last line, and takes one that lacks its line feed alone", async () => {
    const { disk, log, all } = await written(5);
    disk.tamper(PATH, (whole) => whole.slice(0, -1));
    expect(await log.readPage({ limit: 9 })).toEqual(all.toReversed());
    disk.tamper(PATH, (whole) => whole.slice(0, -20));
    expect(await log.readPage({ limit: 9 })).toEqual(all.slice(0, -1).toReversed());
    disk.tamper(PATH, (whole) => Uint8Array.of(...whole, 0x0a));
    await expect(log.readPage({ limit: 9 })).rejects.toMatchObject({ code: "AUDIT_CORRUPT" });
  });

  it("shows every event that is not as written, or not where it was", async () => {
    const edits: [string, (lines: string[]) => string[], string][] = [
      ["altered", (l) => l.with(3, l[3]!.replace('"3"', '"8"')), "event 3 as written"],
      ["removed", (l) => l.toSpliced(2, 1), "event 2 as written"],
      ["reordered", (l) => [l[0]!, l[2]!, l[1]!, l[3]!, l[4]!], "event 2 as written"],
      ["repeated", (l) => l.toSpliced(2, 0, l[2]!), "event 1 as written"],
      ["no line", (l) => l.with(4, "{}"), "its newest events as written"],
    ];
    for (const [name, change, expected] of edits) {
      const { disk, log } = await written(5);
      disk.tamper(PATH, (bytes) => {
        const lines = new TextDecoder().decode(bytes).trimEnd().split("\n");
        return encoder.encode(`${change(lines).join("\n")}\n`);
      });
      const reading = log.readPage({ limit: 9 });
      await expect(reading, name).rejects.toMatchObject({
        code: "AUDIT_CORRUPT",
        message: expect.stringContaining(expected),
      });
      expect((await log.verify()).intact, name).toBe(false);
    }
  });

  it("shows a flip of any bit in its lines", async () => {
    const { disk, log, all } = await written(3);
    const bytes = (await disk.read(PATH))!;
    const inLastTwo = bytes.indexOf(0x0a) + 1;
    for (let at = inLastTwo; at < bytes.length; at += 3) {
      disk.tamper(PATH, () => bytes.map((byte, index) => (index === at ? byte ^ 4 : byte)));
      const read = await log.readPage({ limit: 2 }).catch(({ code }) => code);
      // The line feed at the very end is the one that a crash may take.
      if (read !== "AUDIT_CORRUPT") expect([at, read]).not.toEqual([at, all.slice(1).toReversed()]);
    }
  });

  it("is refused for what is no page, and by a closed log", async () => {
    const { log } = await written(1);
    for (const wrong of [{ limit: 0 }, { limit: 10_001 }, { limit: 1, before: -1 }, { limt: 1 }]) {
      const reading = log.readPage(wrong as { limit: number });
      await expect(reading).rejects.toMatchObject({ code: /OPTION_/ });
    }
    await log.close();
    await expect(log.readPage({ limit: 1 })).rejects.toMatchObject({ code: "STORE_CLOSED" });
  });
});

describe("lines from the end", () => {
  const read = async (text: string) => {
    const disk = new FaultyDisk();
    const file = await disk.create("/file");
    await file.write(encoder.encode(text));
    const lines: string[] = [];
    for await (const line of linesFromEnd(disk, "/file"))
      lines.push(new TextDecoder().decode(line));
    return lines;
  };

  it("are those of a split at line feeds, in reverse", async () => {
    const long = (length: number) => "y".repeat(length);
    const texts = ["", "a", "\n", "\n\n", "a\nb", "a\nb\n", `${long(65_535)}\nb\n`];
    texts.push(`${long(65_536)}\n`, `a\n${long(65_536)}`, `${long(200_000)}\n${long(70_000)}\n\nz`);
    for (const text of texts) expect(await read(text)).toEqual(text.split("\n").reverse());
  });

  it("of a file that there is not are one empty line", async () => {
    const lines = [];
    for await (const line of linesFromEnd(new FaultyDisk(), "/none")) lines.push(line.length);
    expect(lines).toEqual([0]);
  });
});
