// Live updates of the intake desk: the list is refreshed; the selected case and typed text stay.
import htmx from "htmx.org";
import { isDirty } from "./draft";
import { onChanges } from "./live";

const BATCH_DELAY = 400;
let timer = 0;

function refresh(): void {
  const place = document.getElementById("intake");
  if (!place) return;
  const form = place.querySelector<HTMLElement>("#action form");
  const busy = isDirty(form) || form?.contains(document.activeElement) === true;
  place.querySelector(".intake-act")?.toggleAttribute("hx-morph-skip", busy);
  const act = form?.dataset["command"];
  const query = `${place.dataset["query"]}${act ? `&act=${act}` : ""}`;
  void htmx
    .ajax("GET", `/intake?${query}`, { target: "#intake", swap: "outerMorph" })
    .then(() => document.querySelector(".intake-act")?.removeAttribute("hx-morph-skip"));
}

export function setUpIntake(): void {
  if (!document.getElementById("intake")) return;
  const schedule = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(refresh, BATCH_DELAY);
  };
  onChanges(schedule, schedule);
}
