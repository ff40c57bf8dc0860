// Numbers for people have a true minus sign, and none at all in front of nothing.

import { describe, expect, it } from "vitest";
import { counted, percent, plain, signed } from "../../../src/replay/page/number-text.ts";

describe("numbers for people", () => {
  it.each([
    [signed(0.414), "+0.41"],
    [signed(-1.2), "−1.20"],
    [signed(-0.004), "+0.00"],
    [signed(-0.004, 3), "−0.004"],
    [percent(0.566), "57%"],
    [percent(-0.12), "−12%"],
    [percent(-0.004), "0%"],
    [plain(-0.5), "−0.5"],
    [plain(0), "0"],
    [counted(1, "day"), "1 day"],
    [counted(0, "day"), "0 days"],
    [counted(4352, "day"), "4,352 days"],
  ])("writes %s as %s", (text, expected) => {
    expect(text).toBe(expected);
  });
});
