// Asks a person in a dialog: what to go back to, why to freeze, which key.

import type { Version } from "./answers.ts";
import { byId, element } from "./elements.ts";
import { moment, versionName } from "./wording.ts";

/** Opens a dialog; whether it was confirmed. Escape and Cancel are no. */
function confirmed(dialog: HTMLDialogElement): Promise<boolean> {
  const form = dialog.querySelector("form")!;
  return new Promise((resolve) => {
    const end = (answer: boolean) => () => {
      isConfirmed = answer;
      dialog.close();
    };
    let isConfirmed = false;
    form.onsubmit = (event) => {
      event.preventDefault();
      end(true)();
    };
    const cancel = form.querySelector<HTMLButtonElement>("button[value=cancel]");
    if (cancel) cancel.onclick = end(false);
    dialog.onclose = () => resolve(isConfirmed);
    dialog.showModal();
  });
}

/** The id of a version; "" for the one that the active one was trained from; undefined for no. */
export async function askVersion(
  versions: readonly Version[],
  chosen: string,
): Promise<string | undefined> {
  const select = byId("rollback-version", HTMLSelectElement);
  const active = versions.find(({ is_active }) => is_active);
  const parent = active?.parent ?? undefined;
  const name = parent === undefined ? "" : `${versionName(versions, parent)}, `;
  const usual = element("option", { value: "" }, `${name}the parent of the active one`);
  const others = versions
    .filter(({ is_active }) => !is_active)
    .map(({ version_id, sequence, saved_at }) =>
      element("option", { value: version_id }, `v${sequence}, ${moment(saved_at)}`),
    );
  select.replaceChildren(usual, ...others);
  select.value = chosen;
  const isConfirmed = await confirmed(byId("rollback-dialog", HTMLDialogElement));
  return isConfirmed ? select.value : undefined;
}

/** Why to freeze; undefined for no. */
export async function askReason(): Promise<string | undefined> {
  const reason = byId("freeze-reason", HTMLTextAreaElement);
  reason.value = "";
  const isConfirmed = await confirmed(byId("freeze-dialog", HTMLDialogElement));
  return isConfirmed ? reason.value : undefined;
}

/** A key; undefined for no. */
export async function askKey(detail: string): Promise<string | undefined> {
  const input = byId("key", HTMLInputElement);
  byId("key-detail", HTMLParagraphElement).textContent = detail;
  const isConfirmed = await confirmed(byId("key-dialog", HTMLDialogElement));
  const key = input.value;
  input.value = "";
  return isConfirmed ? key : undefined;
}
