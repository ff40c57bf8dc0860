// Shows where a model stands, and which of the operator's buttons make sense.

import { byId, element, replaceIn } from "./elements.ts";
import { freezeReason } from "./history.ts";
import type { ModelData } from "./model-watch.ts";
import { count, measured, SAFE_MODE, versionName } from "./wording.ts";

const TONES = { ready: "good", updating: "busy", frozen: "bad", closed: "bad" } as const;

function fact(term: string, value: string, note?: string): HTMLElement {
  const told = note === undefined ? undefined : element("small", {}, note);
  return element("div", {}, element("dt", {}, term), element("dd", {}, value, told));
}

/** Fills the section. */
export function showStanding(modelId: string, data: ModelData): void {
  const { status, performance, versions, events } = data;
  if (!status) return;
  byId("standing", HTMLElement).hidden = false;
  byId("standing-title", HTMLElement).textContent = modelId;
  const isUpdating = data.progress !== undefined || status.state === "updating";
  const state = isUpdating ? "updating" : status.state;
  const tag = byId("state", HTMLElement);
  tag.textContent = state;
  tag.className = `tag ${TONES[state]}`;
  byId("state-reason", HTMLElement).textContent = freezeReason(status, events) ?? "";
  showProgress(data, isUpdating);
  const { training, holdout, replay } = status.samples;
  const inMemory =
    `in memory: ${count(training)} to train, ${count(holdout)} held out, ` +
    `${count(replay)} to replay`;
  const facts = [
    fact("Active version", versionName(versions, status.version_id), status.version_id),
    fact("Samples", count(status.observed), inMemory),
    fact("Probation", status.probation?.outcome ?? "none", status.probation?.reason),
    fact("Safe mode", status.safe_mode ?? "off", SAFE_MODE[status.safe_mode ?? ""]),
  ];
  if (performance) facts.push(fact("Recent loss", measured(performance.loss)));
  if (performance?.sharpe_threshold != null) {
    const note = `threshold ${measured(performance.sharpe_threshold)}`;
    facts.push(fact("Rolling Sharpe", measured(performance.sharpe), note));
  }
  replaceIn(byId("facts", HTMLElement), ...facts);
  const canUnfreeze = status.state === "frozen";
  byId("unfreeze", HTMLButtonElement).hidden = !canUnfreeze;
  byId("freeze", HTMLButtonElement).hidden = canUnfreeze;
}

function showProgress({ progress }: ModelData, isUpdating: boolean): void {
  const box = byId("progress", HTMLDivElement);
  box.hidden = !isUpdating;
  const bar = box.querySelector("progress")!;
  const told = byId("progress-text", HTMLSpanElement);
  if (!progress) {
    bar.removeAttribute("value");
    told.textContent = "Update under way";
    return;
  }
  bar.value = progress.step / progress.maxSteps;
  const steps = `step ${count(progress.step)} of ${count(progress.maxSteps)}`;
  told.textContent = `Training: ${steps}, loss ${measured(progress.loss)}`;
}
