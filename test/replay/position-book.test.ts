// Yesterday's positions earn today's return, less the cost of having taken them.

import { describe, expect, it } from "vitest";
import { PositionBook } from "../../src/replay/position-book.ts";

describe("PositionBook", () => {
  it("earns nothing before a position was taken", () => {
    const nothing = { hold: 0, static: 0, naive: 0, driftkeel: 0 };
    expect(new PositionBook(1).settle(0.5)).toEqual(nothing);
  });

  it("pays position x return - cost x |change|", () => {
    const book = new PositionBook(10);
    book.take({ hold: 1, static: 0.5, naive: -1, driftkeel: -0.5 });
    const first = book.settle(0.02);
    expect(first.hold).toBeCloseTo(0.02 - 0.001, 15);
    expect(first.static).toBeCloseTo(0.01 - 0.0005, 15);
    expect(first.naive).toBeCloseTo(-0.02 - 0.001, 15);
    expect(first.driftkeel).toBeCloseTo(-0.01 - 0.0005, 15);
    book.take({ hold: 1, static: 0.25, naive: -1, driftkeel: 0.5 });
    const second = book.settle(-0.01);
    expect(second.hold).toBeCloseTo(-0.01, 15);
    expect(second.static).toBeCloseTo(-0.0025 - 0.00025, 15);
    expect(second.naive).toBeCloseTo(0.01, 15);
    expect(second.driftkeel).toBeCloseTo(-0.005 - 0.001, 15);
  });

  it("keeps its own copy of the positions", () => {
    const book = new PositionBook(0);
    const position = { hold: 1, static: 1, naive: 1, driftkeel: 1 };
    book.take(position);
    position.hold = 100;
    expect(book.settle(0.01).hold).toBe(0.01);
  });
});
