// The intake desk without page loads: another case, tab or form is fetched as a part; after a decision the next case comes by
// itself. The list is also refreshed when something changes; the selected case and typed text stay.
import htmx from "htmx.org";
import { warnIfOffline } from "./connection";
import { isDirty } from "./draft";
import type { Held } from "./held";
import { setPageKeys } from "./keyboard";
import { onChanges } from "./live";
import { PartLoader } from "./part";

const BATCH_DELAY = 400;
let timer = 0;
const loader = new PartLoader();
/** Steps of the reader that are on their way: a refresh waits for them. */
let steps = 0;
/** Decisions that are held back, by case: their cases are still in the list. */
const deciding = new Map<string, { held: Held; href: string }>();

const desk = (): HTMLElement | null => document.getElementById("intake");
const items = (): HTMLAnchorElement[] => [...document.querySelectorAll<HTMLAnchorElement>(".intake-item:not(.waiting)")];
const selected = (): string => document.getElementById("intake-case")?.dataset["case"] ?? "";
const numberOf = (link: HTMLElement): string => link.closest<HTMLElement>("[data-case]")?.dataset["case"] ?? "";

function markDecided(): void {
  document.querySelectorAll<HTMLElement>(".intake-item").forEach((link) => {
    link.classList.toggle("waiting", deciding.has(numberOf(link)));
  });
}

/** Remove the form before another takes its place: what was typed in it must not stay in the next one. */
const dropForm = (): void => document.querySelector("#action form")?.remove();

/** Keep a form that somebody uses while the list around it is refreshed. */
function keepForm(): void {
  const form = document.querySelector<HTMLElement>("#action form");
  const used = isDirty(form) || form?.contains(document.activeElement) === true;
  document.querySelector(".intake-act")?.toggleAttribute("hx-morph-skip", used);
  document.getElementById("said")?.setAttribute("hx-morph-skip", ""); // the receipt of the last command
}

function onSwap(event: Event): void {
  const context = (event as CustomEvent<{ ctx?: { request?: { method?: string } } }>).detail.ctx;
  if (context?.request?.method !== "POST") return;
  if (event.type === "htmx:before:swap") return dropForm();
  markDecided();
  const wrong = document.querySelector<HTMLElement>('#action [role="alert"], #action [aria-invalid="true"]');
  (wrong ?? document.querySelector<HTMLElement>('.intake-item[aria-current="true"]'))?.focus();
}

/** Show the part at an address of the desk. `push`: as a new step of the browser's history. What was asked for before and has not
 * come yet is given up. */
async function show(address: string, push: boolean, how: "step" | "refresh" = "step"): Promise<void> {
  if (how === "step") steps += 1;
  const text = await loader.fetch(address).catch(() => "");
  if (how === "step") steps -= 1;
  const place = desk();
  if (text === null || !place) return;
  if (text === "") {
    if (!warnIfOffline()) window.location.href = address;
    return;
  }
  if (how === "refresh") keepForm();
  else dropForm();
  await htmx.swap({ sourceElement: place, target: place, swap: "outerMorph", text });
  document.querySelectorAll("#intake [hx-morph-skip]").forEach((kept) => kept.removeAttribute("hx-morph-skip"));
  if (push) history.pushState(null, "", address);
  markDecided();
  document.querySelector<HTMLElement>('.intake-item[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
}

/** Show a case, and put the focus on its line in the list. */
async function select(link: HTMLAnchorElement | undefined): Promise<void> {
  if (!link) return;
  await show(link.getAttribute("href") ?? "", true);
  document.querySelector<HTMLElement>('.intake-item[aria-current="true"]')?.focus({ preventScroll: true });
}

function step(by: number): boolean {
  const all = items();
  const here = all.findIndex((link) => numberOf(link) === selected());
  void select(all[here < 0 ? 0 : Math.min(all.length - 1, Math.max(0, here + by))]);
  return true;
}

function focusForm(): boolean {
  const form = document.querySelector<HTMLElement>("#action form");
  const first = form?.querySelector<HTMLElement>("textarea, select, input:not([type=hidden]):not([type=file]), [data-send]");
  first?.focus();
  return first !== null && first !== undefined;
}

function onKey(key: string): boolean {
  if (key === "j" || key === "ArrowDown") return step(1);
  if (key === "k" || key === "ArrowUp") return step(-1);
  return key === "Enter" && focusForm();
}

function onClick(event: MouseEvent): void {
  const link = (event.target as HTMLElement).closest<HTMLAnchorElement>('#intake a[href^="/intake"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  const opensForm = link.closest(".acts") !== null;
  void show(link.getAttribute("href") ?? "", true).then(() => opensForm && focusForm());
}

/** The next case that has not been decided, as the list stands. */
function next(): HTMLAnchorElement | undefined {
  const all = [...document.querySelectorAll<HTMLAnchorElement>(".intake-item")];
  const here = all.findIndex((link) => numberOf(link) === selected());
  return [...all.slice(here + 1), ...all.slice(0, here)].find((link) => !deciding.has(numberOf(link)) && numberOf(link) !== selected());
}

function onHeld(event: Event): void {
  const { held } = (event as CustomEvent<{ held: Held }>).detail;
  const tab = document.querySelector<HTMLAnchorElement>(".tabs [aria-current]")?.getAttribute("href") ?? "/intake";
  deciding.set(held.no, { held, href: `${tab}&no=${held.no}&act=${held.command}` });
  markDecided();
  void select(next());
}

/** Fill in what was typed: the form on the page is a fresh one. */
function refill(held: Held): void {
  const form = document.querySelector<HTMLFormElement>(`form.action[data-command="${CSS.escape(held.command)}"]`);
  const typed = new URLSearchParams(held.body);
  for (const name of new Set(typed.keys())) {
    const field = form?.elements.namedItem(name);
    if (field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement) field.value = typed.get(name) ?? "";
    else if (field instanceof HTMLInputElement && field.type !== "hidden") field.value = typed.get(name) ?? "";
  }
}

async function onUndone(event: Event): Promise<void> {
  const { held } = (event as CustomEvent<{ held: Held }>).detail;
  const before = deciding.get(held.no);
  deciding.delete(held.no);
  markDecided();
  if (!before) return;
  await show(before.href, true);
  refill(held);
  focusForm();
}

function onSent(event: Event): void {
  const { held } = (event as CustomEvent<{ held: Held }>).detail;
  deciding.delete(held.no);
  refresh();
}

function schedule(): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(refresh, BATCH_DELAY);
}

function refresh(): void {
  const place = desk();
  if (!place) return;
  if (steps > 0) return schedule();
  const form = place.querySelector<HTMLElement>("#action form");
  const act = form?.dataset["command"];
  const query = `${place.dataset["query"]}${act ? `&act=${act}` : ""}`;
  void show(`/intake?${query}`, false, "refresh");
}

export function setUpIntake(): void {
  if (!desk()) return;
  setPageKeys(onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:before:swap", onSwap);
  document.addEventListener("htmx:after:swap", onSwap);
  window.addEventListener("popstate", () => void show(`${location.pathname}${location.search}`, false));
  // The library would replace the whole page.
  document.addEventListener("htmx:before:history:restore", (event) => event.preventDefault());
  document.addEventListener("gridloop:held", onHeld);
  document.addEventListener("gridloop:undone", (event) => void onUndone(event));
  document.addEventListener("gridloop:sent", onSent);
  onChanges(schedule, schedule);
}
