// The page of one case: live updates, countdowns, the filter of its timeline, and the checklists of its forms.
import htmx from "htmx.org";
import { isDirty } from "./draft";
import { onChanges } from "./live";
import { rememberOpened } from "./recent";

/** Milliseconds between two reports that the page is open. */
const VIEWER_INTERVAL = 20_000;
const page = (): HTMLElement | null => document.getElementById("case");
const openForm = (): HTMLElement | null => document.querySelector<HTMLElement>("#action form");

/** Own commands in progress. Their changes arrive before their answers; the page waits for the answer, which shows more. */
let sending = 0;
let missed = 0;

function trackOwnCommands(): void {
  const posts = (event: Event): boolean =>
    (event as CustomEvent<{ ctx?: { request?: { method?: string } } }>).detail.ctx?.request?.method === "POST";
  document.addEventListener("htmx:before:request", (event) => {
    if (posts(event)) sending += 1;
  });
  document.addEventListener("htmx:finally:request", (event) => {
    if (!posts(event)) return;
    sending = Math.max(0, sending - 1);
    if (sending === 0 && missed > Number(page()?.dataset["revision"])) void refresh();
    missed = 0;
  });
}

/** Keep a form that somebody uses as it is while the page around it is replaced, unless the form itself was answered. Decided
 * when the answer is there: somebody may have begun to type while it was on its way. */
function keepForm(event: Event): void {
  const context = (event as CustomEvent<{ ctx?: { request?: { method?: string } } }>).detail.ctx;
  const form = context?.request?.method === "GET" ? openForm() : null;
  const used = isDirty(form) || (form !== null && ["held", "released"].some((name) => name in form.dataset)) || form?.contains(document.activeElement) === true;
  document.getElementById("action")?.toggleAttribute("hx-morph-skip", used);
}

async function refresh(): Promise<void> {
  const before = Number(page()?.dataset["revision"]);
  const form = openForm();
  // The receipt of the reader's last command stays: a refresh would not show it again.
  document.getElementById("said")?.setAttribute("hx-morph-skip", "");
  const act = form?.dataset["command"];
  const filter = document.querySelector<HTMLElement>('[data-show][aria-pressed="true"]')?.dataset["show"] ?? "";
  const newest = document.querySelector("[data-newest]")?.getAttribute("aria-pressed") === "true";
  const scroll = window.scrollY;
  await htmx.ajax("GET", `/cases/${page()?.dataset["case"]}${act ? `?act=${act}` : ""}`, {
    target: "#case",
    swap: "outerMorph",
  });
  for (const id of ["action", "said"]) document.getElementById(id)?.removeAttribute("hx-morph-skip");
  window.scrollTo(0, scroll);
  filterTimeline(filter);
  setNewest(newest);
  const lines = [...document.querySelectorAll<HTMLElement>("#case-time [data-seq]")];
  const fresh = lines.filter((line) => Number(line.dataset["seq"]) > before);
  fresh.forEach((line) => line.classList.add("flash"));
  const lastLine = fresh.at(-1)?.dataset["line"];
  const status = document.getElementById("heard");
  if (status && lastLine) status.textContent = isDirty(openForm()) ? `${lastLine} · ${page()?.dataset["changed"] ?? ""}` : lastLine;
}

function filterTimeline(group: string): void {
  document.querySelectorAll<HTMLElement>("[data-show]").forEach((chip) => {
    chip.setAttribute("aria-pressed", String(chip.dataset["show"] === group));
  });
  document.querySelectorAll<HTMLElement>("#case-time [data-group]").forEach((line) => {
    const fits = group === "" || line.dataset["group"] === group || (group === "evidence" && line.dataset["files"] !== "0");
    line.hidden = !fits;
  });
}

function setNewest(on: boolean): void {
  document.querySelector("[data-newest]")?.setAttribute("aria-pressed", String(on));
  document.querySelectorAll<HTMLOListElement>("#case-time ol.facts-list:not(.ahead)").forEach((list) => {
    const lines = [...list.children] as HTMLElement[];
    lines.sort((a, b) => (Number(a.dataset["seq"]) - Number(b.dataset["seq"])) * (on ? -1 : 1));
    list.append(...lines);
  });
}

/** Update the countdowns. They use the server's clock; only the time since the page loaded is measured here. */
function countDown(): void {
  document.querySelectorAll<HTMLElement>("[data-countdown]").forEach((place) => {
    place.dataset["came"] ??= String(performance.now());
    const now = Date.parse(place.dataset["server"] ?? "") + performance.now() - Number(place.dataset["came"]);
    const left = Math.max(0, Date.parse(place.dataset["countdown"] ?? "") - now);
    const minutes = Math.floor(left / 60_000);
    const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
    const words = [
      ...(days ? [`${days} ${place.dataset["d"]}`] : []),
      ...(days || hours ? [`${hours} ${place.dataset["h"]}`] : []),
      `${minutes % 60} ${place.dataset["m"]}`,
      `${Math.floor(left / 1000) % 60}″`,
    ].join(" ");
    if (place.textContent !== words) place.textContent = words;
  });
}

/** Show on the button of a form what is still missing. */
function updateChecklist(form: HTMLElement): void {
  const list = form.querySelector<HTMLElement>("[data-checklist]");
  const button = form.querySelector<HTMLElement>("[data-send]");
  if (!list || !button) return;
  button.dataset["word"] ??= button.textContent ?? "";
  const missing: string[] = [];
  list.querySelectorAll<HTMLElement>("[data-need]").forEach((item) => {
    const named = form.querySelectorAll<HTMLInputElement>(`[name="${item.dataset["need"]}"]`);
    const done = [...named].some((field) => field.value.trim() !== "");
    item.classList.toggle("done", done);
    if (!done && !("optional" in item.dataset)) missing.push((item.textContent ?? "").replace(/\s*\(.*\)/, "").trim());
  });
  list.querySelectorAll<HTMLElement>('[data-state="missing"]').forEach((item) => missing.push((item.textContent ?? "").split(":")[0] ?? ""));
  const suffix = missing.length > 0 ? ` (${list.dataset["checklist"]}: ${missing.join(", ")})` : "";
  button.textContent = `${button.dataset["word"]}${suffix}`;
}

/** Put a quick choice into its field. A reason is added to what is typed there already. */
function fillIn(button: HTMLButtonElement): void {
  const name = button.closest<HTMLElement>("[data-quick]")?.dataset["quick"] ?? "";
  const field = button.form?.elements.namedItem(name);
  if (field instanceof HTMLTextAreaElement) {
    const typed = field.value.trim();
    if (!typed.includes(button.value)) field.value = typed ? `${typed}; ${button.value}` : button.value;
  } else if (field instanceof HTMLInputElement) field.value = button.value;
  else return;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

/** Report that the page is open, and show who else has the case open. */
async function announceViewer(): Promise<void> {
  const place = document.getElementById("viewers");
  if (!place || document.hidden || !navigator.onLine) return;
  try {
    const answer = await fetch(`/cases/${page()?.dataset["case"]}/viewers`, { method: "POST", headers: { "HX-Request": "true" } });
    const names = answer.ok ? (await answer.text()).trim() : "";
    if (place.innerHTML !== names) place.innerHTML = names;
  } catch {
    // Not reached: the next report tries again.
  }
}

function updateForms(): void {
  document.querySelectorAll<HTMLElement>("form.action").forEach(updateChecklist);
  countDown();
}

function afterSwap(event: Event): void {
  const context = (event as CustomEvent<{ ctx?: { sourceElement?: Element; request?: { method?: string } } }>).detail.ctx;
  updateForms();
  const place = document.getElementById("action");
  if (place) place.hidden = place.querySelector("form") === null;
  const source = context?.sourceElement as HTMLElement | undefined;
  if (source?.dataset?.["act"]) {
    document.querySelectorAll(".acts .chosen").forEach((one) => one.classList.remove("chosen"));
    source.classList.add("chosen");
    place?.querySelector<HTMLElement>("textarea, input:not([type=hidden]), select")?.focus();
    place?.scrollIntoView({ block: "nearest" });
  } else if (context?.request?.method === "POST" && page()) {
    const wrong = place?.querySelector<HTMLElement>('[role="alert"], [aria-invalid="true"]');
    (wrong ?? document.getElementById("case-title"))?.focus();
  }
}

export function setUpCase(): void {
  document.addEventListener("input", (event) => {
    const form = (event.target as HTMLElement).closest<HTMLElement>("form.action");
    if (form) updateChecklist(form);
  });
  document.addEventListener("click", (event) => {
    const at = event.target as HTMLElement;
    const chip = at.closest<HTMLElement>("[data-show]");
    if (chip) filterTimeline(chip.dataset["show"] ?? "");
    const quick = at.closest<HTMLButtonElement>("[data-quick] button");
    if (quick) fillIn(quick);
    const newest = at.closest<HTMLElement>("[data-newest]");
    if (newest) setNewest(newest.getAttribute("aria-pressed") !== "true");
  });
  document.addEventListener("htmx:before:swap", keepForm);
  document.addEventListener("htmx:after:swap", afterSwap);
  window.setInterval(countDown, 1000);
  updateForms();
  if (!page()) return;
  rememberOpened(page()?.dataset["case"] ?? "", document.getElementById("case-title")?.textContent ?? "");
  void announceViewer();
  window.setInterval(() => void announceViewer(), VIEWER_INTERVAL);
  document.addEventListener("visibilitychange", () => void announceViewer());
  trackOwnCommands();
  onChanges(
    (change) => {
      const known = Number(page()?.dataset["revision"]);
      if (change.case_no !== page()?.dataset["case"] || change.revision <= known) return;
      if (sending > 0) missed = Math.max(missed, change.revision);
      else void refresh();
    },
    () => void refresh(),
  );
}
