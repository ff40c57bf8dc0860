// The program as a whole: its commands, their help, and how text shows values.

import { describe, expect, it } from "vitest";
import { eventLines } from "../../src/cli/event-lines.ts";
import { measurementsText, numberText, sizeText } from "../../src/cli/value-text.ts";
import { run } from "./command-line.ts";

const COMMANDS = [
  ["replay"],
  ["run"],
  ["status"],
  ["versions", "list"],
  ["versions", "show"],
  ["rollback"],
  ["audit", "verify"],
  ["audit", "tail"],
  ["export"],
  ["import"],
  ["doctor"],
];

describe("driftkeel", () => {
  it.each(COMMANDS.map((command) => command.join(" ")))(
    "%s explains itself with an example, its flags and its exit codes",
    async (command) => {
      const { exitCode, stdout, stderr } = await run([...command.split(" "), "--help"]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      expect(stdout).toContain(`$ driftkeel ${command}`);
      for (const text of ["--base-dir", "--json", "--quiet", "Exit codes: 0"]) {
        expect(stdout).toContain(text);
      }
    },
  );

  it.each(COMMANDS.map((command) => command.join(" ")))(
    "%s exits with 2 on a flag that there is not",
    async (command) => {
      const { exitCode, stdout, stderr } = await run([...command.split(" "), "--verbos"]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
      expect(stderr).toContain("unknown option '--verbos'");
    },
  );

  it("lists every command, and exits with 2 without one", async () => {
    const help = await run(["--help"]);
    expect(help.exitCode).toBe(0);
    for (const [name] of COMMANDS) expect(help.stdout).toMatch(new RegExp(`\n {2}${name} `));
    expect((await run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await run([])).exitCode).toBe(2);
    expect((await run(["versions"])).exitCode).toBe(2);
    expect((await run(["rollback"])).stderr).toContain("missing required argument 'id'");
  });
});

describe("values as text", () => {
  it("has the unit that keeps a size short", () => {
    const sizes = [0, 1023, 1024, 1536, 5 * 2 ** 20, 3 * 2 ** 50].map(sizeText);
    expect(sizes).toEqual(["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "5.0 MiB", "3072.0 TiB"]);
  });

  it("has four significant digits", () => {
    expect([1 / 3, 123456, 0, Number.NaN].map(numberText)).toEqual([
      "0.3333",
      "123500",
      "0",
      "NaN",
    ]);
    expect(measurementsText({})).toBe("none");
    expect(measurementsText({ a: 1, b: 0.5 })).toBe("a 1, b 0.5");
  });

  it("cuts the line of an event where it is told to, and shows what is nested", () => {
    const event = {
      timestamp: new Date(0),
      eventType: "drift" as const,
      outcome: "noted",
      details: { model_id: "m", measurements: { mean: 0.25 }, reason: "long ".repeat(20) },
      seq: 0,
      prevHash: "",
      hash: "",
    };
    const [line] = eventLines([event]);
    expect(line).toContain("1970-01-01 00:00:00  drift  noted  measurements (mean 0.25), reason");
    const [cut] = eventLines([event], 50);
    expect(cut).toHaveLength(50);
    expect(cut?.endsWith("...")).toBe(true);
  });
});
