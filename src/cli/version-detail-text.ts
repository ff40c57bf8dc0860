// One version as JSON and as text.

import type { Colors } from "./model-flags.ts";
import { drawPairs, drawTable } from "./text-table.ts";
import { numberText, sizeText, timeText } from "./value-text.ts";
import type { VersionDetail } from "./version-detail.ts";

/** A version as JSON. */
export function versionRecord({ saved, marks, tensors, sha256, sizeBytes }: VersionDetail) {
  return {
    model_id: saved.modelId,
    version_id: saved.id,
    sequence: saved.sequence,
    saved_at: saved.savedAt.toISOString(),
    parent: saved.parent ?? null,
    kernel_build: saved.kernelBuild,
    seed: saved.seed,
    is_active: marks.includes("active"),
    is_prior: marks.includes("prior"),
    is_anchor: marks.includes("anchor"),
    sha256,
    size_bytes: sizeBytes,
    tensors,
    parts: saved.parts.map((part) => ({
      name: part.name,
      size_bytes: part.sizeBytes,
      sha256: part.sha256,
    })),
  };
}

/** A version as text: the record, then its tensors, then its parts. */
export function versionText(version: VersionDetail, colors: Colors): string {
  const { saved, marks, tensors, sha256, sizeBytes } = version;
  const record = drawPairs(
    [
      ["version", colors.bold(saved.id)],
      ["is", marks.length === 0 ? "kept" : marks.join(", ")],
      ["model", saved.modelId],
      ["saved", `${timeText(saved.savedAt)} UTC, number ${saved.sequence}`],
      ["from", saved.parent ?? "nothing"],
      ["kernels", `${saved.kernelBuild}, seed ${saved.seed}`],
      ["sha256", sha256],
      ["size", `${sizeText(sizeBytes)}, verified`],
    ],
    colors,
  );
  const right = "right" as const;
  const tensorColumns = [
    { title: "Tensor" },
    { title: "Shape", align: right },
    { title: "Length", align: right },
    { title: "L2 norm", align: right },
  ];
  const tensorRows = tensors.map(({ name, shape, length, norm }) => [
    name,
    `[${shape.join(", ")}]`,
    String(length),
    numberText(norm),
  ]);
  const table = `\n${drawTable(tensorColumns, tensorRows, colors)}`;
  return `${record}${table}${partsText(version, colors)}`;
}

/** The digest of a part is cut: all of it is in the JSON. */
function partsText({ saved }: VersionDetail, colors: Colors): string {
  if (saved.parts.length === 0) return "\nNo parts: a learner that starts here starts afresh.\n";
  const columns = [
    { title: "Part" },
    { title: "Size", align: "right" as const },
    { title: "SHA-256" },
  ];
  const rows = saved.parts.map((part) => [
    part.name,
    sizeText(part.sizeBytes),
    `${part.sha256.slice(0, 16)}...`,
  ]);
  return `\n${drawTable(columns, rows, colors)}`;
}
