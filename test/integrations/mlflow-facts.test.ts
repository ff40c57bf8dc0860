// What MLflow is told of a version, within the limits of its names and requests.

import { describe, expect, it } from "vitest";
import { artifactPath } from "../../src/integrations/mlflow/artifact-path.ts";
import { batchesOf, parseFacts } from "../../src/integrations/mlflow/version-facts.ts";

const facts = { artifact: new Uint8Array(1), at: 0 };

describe("facts of a version", () => {
  it("come in requests of at most 100 parameters and 1000 metrics", () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, index]));
    const sizes = (params: number, metrics: number) =>
      batchesOf("run", { params: many(params), metrics: many(metrics) }, 0).map((body) =>
        Object.values(body as Record<string, unknown>).map((each) =>
          Array.isArray(each) ? each.length : each,
        ),
      );
    expect(sizes(0, 0)).toEqual([]);
    expect(sizes(100, 1000)).toEqual([
      ["run", 100],
      ["run", 1000],
    ]);
    expect(sizes(101, 1001)).toEqual([
      ["run", 100],
      ["run", 1],
      ["run", 1000],
      ["run", 1],
    ]);
  });

  it("keep names and values as MLflow takes them", () => {
    const params = { "a[0] (ü)": "x".repeat(501), ok: true };
    const metrics = { "b/c d:e.f-g_h": Number.NaN, up: Infinity, tiny: 5e-324 };
    expect(batchesOf("run", { params, metrics }, 9)).toEqual([
      {
        run_id: "run",
        params: [
          { key: "a_0_ ___", value: "x".repeat(500) },
          { key: "ok", value: "true" },
        ],
      },
      {
        run_id: "run",
        metrics: [
          { key: "b/c d:e.f-g_h", value: "NaN", timestamp: 9, step: 0 },
          { key: "up", value: "Infinity", timestamp: 9, step: 0 },
          { key: "tiny", value: 5e-324, timestamp: 9, step: 0 },
        ],
      },
    ]);
  });

  it("of the wrong kind are refused", () => {
    expect(() => parseFacts({ ...facts, metrics: { loss: "1" as unknown as number } })).toThrow(
      'option "metrics.loss" to be a number',
    );
    expect(() => parseFacts({ ...facts, metric: {} } as typeof facts)).toThrow('"metrics"');
    expect(parseFacts({ ...facts, metrics: { loss: Number.NaN } }).metrics.loss).toBeNaN();
  });
});

describe("the place of an artifact", () => {
  it("is the path below the proxy, with or without a host", () => {
    for (const uri of [
      "mlflow-artifacts:/1/a/artifacts",
      "mlflow-artifacts://host:80/1/a/artifacts/",
    ]) {
      expect(artifactPath("http://x", uri)).toBe("1/a/artifacts");
    }
  });

  it("elsewhere is refused with what to do", () => {
    for (const uri of ["s3://bucket/1", "file:///srv/1", "/srv/1", "mlflow-artifacts:"]) {
      expect(() => artifactPath("http://x", uri)).toThrow("--serve-artifacts");
    }
    expect(() => artifactPath("http://x", "s3://bucket/1")).toThrow("(s3)");
  });
});
