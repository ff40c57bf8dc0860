// What a gate hands on: its memory as an EWC file, and its weights for a merge.

import { describe, expect, it } from "vitest";
import { GateModel, SignalSimulator } from "../../../src/learners/gate/index.ts";
import { Ewc } from "../../../src/pipeline/update/ewc.ts";
import { LossDelta } from "../../../src/pipeline/validate/loss-delta.ts";
import { live, options } from "./living-gate.ts";
import { signal } from "./signals.ts";

describe("what an earlier gate remembers", () => {
  it("survives a legacy EWC file to the bit, and holds a later gate back", async () => {
    const seed = 6;
    const first = await GateModel.open(options({ seed }));
    const { told } = await live(first, new SignalSimulator({ seed }), 300);
    const ewc = await first.remember(told, 1e6);
    const legacy = ewc.toBytes({ format: "legacy" });
    const again = Ewc.fromBytes(legacy);
    expect(again.toBytes({ format: "legacy" })).toEqual(legacy);
    expect(again.baseline()).toEqual(ewc.baseline());
    expect(again.fisher()).toEqual(ewc.fisher());
    expect(again.lambda).toBe(1e6);
    await first.close();

    const moved = [];
    for (const protect of [undefined, again]) {
      const gate = await GateModel.open(options({ seed, ...(protect && { protect }) }));
      const start = { parameters: again.baseline() };
      const { told: ours } = await live(gate, new SignalSimulator({ seed: 7 }), 200);
      const { parameters } = await gate.contribution(ours);
      moved.push(again.penalty(parameters));
      expect(parameters).toHaveLength(start.parameters.length);
      await gate.close();
    }
    expect(moved[1]).toBeLessThan(0.5 * moved[0]!);
    for (const each of [ewc, again]) each.dispose();
  });

  it("is refused when it is of another model", async () => {
    const ewc = new Ewc(Float32Array.of(1, 2));
    await expect(GateModel.open(options({ protect: ewc }))).rejects.toMatchObject({
      code: "LENGTH_MISMATCH",
    });
    ewc.dispose();
  });
});

describe.each([{}, { adapter: { rank: 4, alpha: 8 } }])("a federated merge with %j", (more) => {
  const seed = 8;
  /** A gate that has learned for a while, and its contribution. */
  async function trained(streamSeed: number) {
    const gate = await GateModel.open(options({ seed, ...more }));
    const { told } = await live(gate, new SignalSimulator({ seed: streamSeed }), 300);
    return { gate, contribution: await gate.contribution(told) };
  }

  it("serves when the validators find it no worse, and not when peers lie", async () => {
    const peers = [await trained(1), await trained(2), await trained(3)];
    const fresh = await GateModel.open(options({ seed, ...more, updateEvery: 100_000 }));
    await live(fresh, new SignalSimulator({ seed: 9 }), 200);
    const before = fresh.status().versionId;
    const liars = peers.map(({ contribution }) => ({
      ...contribution,
      parameters: contribution.parameters.map((value) => -50 * value),
    }));
    const rejected = await fresh.merge(liars);
    expect(rejected.outcome).toBe("rejected");
    expect(fresh.status().versionId).toBe(before);

    const merged = await fresh.merge(peers.map(({ contribution }) => contribution));
    expect(merged).toMatchObject({ outcome: "promoted", facts: { training: { steps: 0 } } });
    const { lossBefore, lossAfter } = merged.facts!.heldOut!;
    expect(lossAfter).toBeLessThan(lossBefore);
    for (const { gate } of peers) await gate.close();
    await fresh.close();
  }, 60_000);

  it("of one is that version again, whatever the order of its parameters", async () => {
    const { gate, contribution } = await trained(1);
    const validator = new LossDelta(100); // takes anything: this is not about better or worse
    const fresh = await GateModel.open(options({ seed, ...more, validator, updateEvery: 100_000 }));
    await live(fresh, new SignalSimulator({ seed: 9 }), 200);
    expect(await fresh.merge([contribution])).toMatchObject({ outcome: "promoted" });
    expect(fresh.decide(signal()).probability).toBe(gate.decide(signal()).probability);
    await gate.close();
    await fresh.close();
  }, 60_000);

  it("refuses the weights of another model, before anything changes", async () => {
    const gate = await GateModel.open(options({ seed, ...more }));
    const other = { parameters: Float32Array.of(1), fisher: Float32Array.of(1) };
    await expect(gate.merge([other])).rejects.toMatchObject({ code: "LENGTH_MISMATCH" });
    await gate.close();
  });
});
