// Tells a person how an action ended; screen readers say it as it appears.

import { byId, element } from "./elements.ts";

const MOST = 3;

/** Shows a message until it is closed or others follow. */
export function tell(kind: "done" | "failed", text: string): void {
  const list = byId("messages", HTMLDivElement);
  const close = element("button", { type: "button", "aria-label": "Close the message" }, "×");
  const message = element("div", { class: `message ${kind}` }, element("p", {}, text), close);
  close.addEventListener("click", () => message.remove());
  list.append(message);
  while (list.childElementCount > MOST) list.firstElementChild!.remove();
}
