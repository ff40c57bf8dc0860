// The dashboard's script: which model is watched, what is shown of it, what the buttons do.

import type { Readiness, Status } from "./answers.ts";
import { alertRow, verdictRow } from "./decision-rows.ts";
import { askKey, askReason, askVersion } from "./dialogs.ts";
import { byId, element } from "./elements.ts";
import { alertsOf, turnsOf, verdictsOf } from "./history.ts";
import type { LiveState } from "./live-events.ts";
import { tell } from "./messages.ts";
import { type ModelData, ModelWatch } from "./model-watch.ts";
import { type Mark, Plot } from "./plot.ts";
import { PortionedList } from "./portioned-list.ts";
import { Problem, ServiceClient } from "./service-client.ts";
import { showStanding } from "./standing-view.ts";
import { TimelineView } from "./timeline-view.ts";
import { versionName } from "./wording.ts";

const RETRY_MS = 3000;
const SECTIONS = ["standing", "loss", "sharpe", "timeline", "alerts", "verdicts"];

const MARK_OF: Record<string, Mark["kind"]> = {
  "drift-detected": "drift",
  promoted: "promoted",
  "rolled-back": "rolled-back",
};

/** The whole page. */
class Dashboard {
  readonly #client = new ServiceClient((detail) => {
    byId("change-key", HTMLButtonElement).hidden = false;
    return askKey(detail);
  });
  readonly #models = byId("model", HTMLSelectElement);
  readonly #loss = new Plot(byId("loss", HTMLElement));
  readonly #sharpe = new Plot(byId("sharpe", HTMLElement));
  readonly #timeline = new TimelineView(byId("timeline", HTMLElement), (id) => this.#goBack(id));
  readonly #verdicts = new PortionedList("decisions", "No update was judged yet.", verdictRow);
  readonly #alerts = new PortionedList("decisions", "None so far.", alertRow);
  #watch: ModelWatch | undefined;
  #data: ModelData | undefined;
  #frame = 0;

  async start(): Promise<void> {
    this.#models.addEventListener("change", () => {
      location.hash = encodeURIComponent(this.#models.value);
    });
    addEventListener("hashchange", () => this.#choose());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#watch?.wake();
    });
    addEventListener("online", () => this.#watch?.wake());
    this.#listenToButtons();
    byId("verdicts", HTMLElement).append(...this.#verdicts.parts);
    byId("alerts", HTMLElement).append(...this.#alerts.parts);
    const { models, failed } = await this.#readiness();
    this.#models.replaceChildren(...models.map((id) => element("option", { value: id }, id)));
    const unopened = byId("unopened", HTMLElement);
    unopened.textContent = `Could not be opened; the log says why: ${failed.join(", ")}.`;
    unopened.hidden = failed.length === 0;
    this.#choose();
  }

  /** Asked again until there is an answer: the service may just be starting. */
  async #readiness(): Promise<Readiness> {
    for (;;) {
      try {
        return await this.#client.read<Readiness>("readyz");
      } catch (error) {
        this.#notice(wordsOf(error));
        this.#standsAt("reconnecting");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        this.#notice("");
      }
    }
  }

  #listenToButtons(): void {
    const on = (id: string, act: () => void) => {
      byId(id, HTMLButtonElement).addEventListener("click", act);
    };
    on("rollback", () => this.#goBack(""));
    on("freeze", () => this.#freeze());
    on("unfreeze", () => this.#act("unfreeze", {}, () => "Updates go on."));
    on("older", () => {
      this.#watch?.loadOlder().catch((error) => tell("failed", wordsOf(error)));
    });
    on("change-key", async () => {
      if (await this.#client.changeKey("The requests of this page carry it.")) this.#choose();
    });
    byId("change-key", HTMLButtonElement).hidden = !this.#client.hasKey;
  }

  /** Watches the model that the address names, or the first one. */
  #choose(): void {
    const ids = [...this.#models.options].map(({ value }) => value);
    const named = ids.find((id) => encodeURIComponent(id) === location.hash.slice(1));
    const id = named ?? ids[0];
    this.#watch?.stop();
    if (id === undefined) return;
    this.#models.value = id;
    document.title = `${id} · Driftkeel`;
    this.#data = undefined;
    for (const name of SECTIONS) byId(name, HTMLElement).hidden = true;
    this.#watch = new ModelWatch(this.#client, id, {
      changed: (data) => {
        this.#notice("");
        this.#show(id, data);
      },
      standsAt: (state) => this.#standsAt(state),
      failed: (error) => {
        // What the network does, the state of the connection tells.
        if (error instanceof Problem) this.#notice(error.message);
      },
    });
    this.#watch.start();
  }

  #standsAt(state: LiveState): void {
    const shown = byId("connection", HTMLElement);
    shown.dataset.state = state;
    shown.textContent = state;
  }

  #notice(text: string): void {
    const notice = byId("notice", HTMLElement);
    notice.textContent = text;
    notice.hidden = text === "";
  }

  /** Shows data with the next frame; progress comes faster than frames do. */
  #show(id: string, data: ModelData): void {
    this.#data = data;
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw(id, data));
  }

  #draw(id: string, data: ModelData): void {
    const { performance, versions, events } = data;
    showStanding(id, data);
    if (performance) {
      const marks = events.flatMap(({ outcome, timestamp: at }) => {
        const kind = MARK_OF[outcome];
        return kind ? [{ at, kind }] : [];
      });
      const { points, sharpe_threshold } = performance;
      byId("loss", HTMLElement).hidden = false;
      this.#loss.show({ name: "loss", points, marks, pick: ({ loss }) => loss });
      const hasSharpe = sharpe_threshold !== null || points.some(({ sharpe }) => sharpe !== null);
      byId("sharpe", HTMLElement).hidden = !hasSharpe;
      this.#sharpe.show({
        name: "rolling Sharpe ratio",
        points,
        marks,
        pick: ({ sharpe }) => sharpe,
        threshold: sharpe_threshold ?? undefined,
      });
    }
    if (versions.length === 0) return;
    for (const name of ["timeline", "verdicts", "alerts"]) byId(name, HTMLElement).hidden = false;
    this.#timeline.show(turnsOf(versions, events), versions);
    this.#verdicts.show(verdictsOf(events));
    this.#alerts.show(alertsOf(events));
    byId("older", HTMLButtonElement).hidden = !data.hasOlder;
  }

  async #goBack(versionId: string): Promise<void> {
    const versions = this.#data?.versions ?? [];
    const to = await askVersion(versions, versionId);
    if (to === undefined) return;
    await this.#act("rollback", to === "" ? {} : { version_id: to }, ({ version_id }) => {
      return `Rolled back to ${versionName(versions, version_id)}.`;
    });
  }

  async #freeze(): Promise<void> {
    const reason = await askReason();
    if (reason !== undefined) await this.#act("freeze", { reason }, () => "Updates are frozen.");
  }

  async #act(
    action: "rollback" | "freeze" | "unfreeze",
    body: object,
    done: (status: Status) => string,
  ): Promise<void> {
    try {
      const status = await this.#watch?.act(action, body);
      if (status) tell("done", done(status));
    } catch (error) {
      tell("failed", wordsOf(error));
    }
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Problem ? error.message : "The service cannot be reached.";
}

void new Dashboard().start();
