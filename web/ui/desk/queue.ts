// Live updates of a list of cases: rows change in place, rows that left show why, new ones wait behind a pill.
// Rows never move under the cursor.
import htmx from "htmx.org";
import { warnIfOffline } from "./connection";
import { setUpFilters, showList } from "./filters";
import { onChanges, type CaseChange } from "./live";
import { PartLoader } from "./part";
import { closePreview } from "./rows";
import { rowCheckboxes, setUpTicks, updateTickCount } from "./ticks";

const BATCH_DELAY = 400;
const HEAD_DELAY = 2_000;

const list = (): HTMLElement | null => document.getElementById("list");
const rowOf = (caseNo: string): HTMLTableRowElement | null =>
  list()?.querySelector<HTMLTableRowElement>(`tr[data-case="${CSS.escape(caseNo)}"]`) ?? null;
const shownCases = (): string[] => [...(list()?.querySelectorAll<HTMLElement>("tr[data-case]") ?? [])].map((row) => row.dataset["case"] ?? "");

const newCases = new Set<string>();
const changedCases = new Map<string, number>();
let timer = 0;
let headTimer = 0;

/** Replace the cells that differ; the checkbox and the focus stay. Returns whether anything changed. */
export function morphRow(row: HTMLTableRowElement, fresh: HTMLTableRowElement): boolean {
  const focused = document.activeElement;
  let changed = row.dataset["revision"] !== fresh.dataset["revision"];
  row.dataset["revision"] = fresh.dataset["revision"] ?? "";
  [...fresh.cells].forEach((cell, place) => {
    const old = row.cells[place];
    if (!old || cell.classList.contains("tick") || old.innerHTML === cell.innerHTML) return;
    const held = old.contains(focused);
    old.innerHTML = cell.innerHTML;
    if (held) old.querySelector<HTMLElement>("a, button")?.focus();
    changed = true;
  });
  return changed;
}

function flash(element: HTMLElement): void {
  element.classList.remove("flash");
  void element.offsetWidth;
  element.classList.add("flash");
}

function markGone(row: HTMLTableRowElement, why: string): void {
  row.classList.add("gone");
  row.querySelectorAll<HTMLInputElement>("input").forEach((box) => {
    box.checked = false;
    box.disabled = true;
  });
  const title = row.querySelector("th");
  if (!title) return;
  let line = title.querySelector<HTMLElement>(".why-gone");
  if (!line) {
    line = document.createElement("span");
    line.className = "why-gone";
    title.append(line);
  }
  line.textContent = why;
}

function updatePill(): void {
  const place = list();
  const pill = document.getElementById("pill");
  if (!place || !pill) return;
  pill.hidden = newCases.size === 0;
  const words = (place.dataset["new"] ?? "{n}").replace("{n}", String(newCases.size));
  if (pill.textContent !== words && newCases.size > 0) {
    pill.textContent = words;
    const status = document.getElementById("heard");
    if (status) status.textContent = words;
  }
}

async function fetchChanges(): Promise<void> {
  const place = list();
  if (!place || changedCases.size === 0) return;
  const changed = [...changedCases.keys()];
  changedCases.clear();
  const here = new Set(shownCases());
  const query = new URLSearchParams(place.dataset["query"]);
  query.set("list", place.dataset["place"] ?? "/queue");
  query.set("cases", changed.filter((no) => !here.has(no)).slice(0, 200).join(","));
  query.set("known", changed.filter((no) => here.has(no)).slice(0, 200).join(","));
  const answer = await fetch(`/lists/changes?${query}`, { headers: { "HX-Request": "true" } });
  if (!answer.ok || list() !== place) return;
  const answerPage = new DOMParser().parseFromString(await answer.text(), "text/html");
  answerPage.querySelectorAll<HTMLTableRowElement>("tr[data-case]").forEach((fresh) => {
    const caseNo = fresh.dataset["case"] ?? "";
    const row = rowOf(caseNo);
    const gone = fresh.dataset["gone"];
    if (row && gone !== undefined) markGone(row, gone);
    else if (row) {
      row.classList.remove("gone");
      row.querySelector(".why-gone")?.remove();
      row.querySelectorAll<HTMLInputElement>("input").forEach((box) => (box.disabled = false));
      if (morphRow(row, fresh)) flash(row);
    } else if (gone === undefined) newCases.add(caseNo);
  });
  const answered = new Set([...answerPage.querySelectorAll<HTMLElement>("tr[data-case]")].map((row) => row.dataset["case"]));
  changed.forEach((no) => {
    if (!answered.has(no)) newCases.delete(no);
  });
  updatePill();
}

function refreshHead(): void {
  if (headTimer || !document.getElementById("head")) return;
  headTimer = window.setTimeout(() => {
    headTimer = 0;
    void htmx.ajax("GET", `/queue/head?${list()?.dataset["query"] ?? ""}`, { target: "#head", swap: "outerMorph" });
  }, HEAD_DELAY);
}

function onCaseChange(change: CaseChange): void {
  const row = rowOf(change.case_no);
  refreshHead();
  if (row && Number(row.dataset["revision"]) >= change.revision && !row.classList.contains("gone")) return;
  changedCases.set(change.case_no, change.revision);
  window.clearTimeout(timer);
  timer = window.setTimeout(() => void fetchChanges(), BATCH_DELAY);
}

/** Refresh all shown rows, because changes were missed. */
function refreshAll(): void {
  shownCases().forEach((no) => changedCases.set(no, 0));
  refreshHead();
  void fetchChanges();
}

const previewLoader = new PartLoader();

/** Show the preview of a case beside the list. */
async function showPreview(link: HTMLAnchorElement): Promise<void> {
  const place = document.getElementById("preview");
  const text = await previewLoader.fetch(`${link.pathname}/preview`).catch(() => "");
  if (!place || text === null || (text === "" && warnIfOffline())) return;
  if (text === "") window.location.href = link.href;
  place.innerHTML = text;
  htmx.process(place);
}

/** Reset the selection and the new cases, because another list is shown. */
function resetList(): void {
  newCases.clear();
  updateTickCount();
}

function onClick(event: MouseEvent): void {
  const at = event.target as HTMLElement;
  const link = at.closest<HTMLAnchorElement>("[data-preview]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    void showPreview(link);
  }
  if (at.closest("[data-close-preview]")) closePreview();
  if (at.id === "pill") void showList(`${list()?.dataset["place"]}?${list()?.dataset["query"]}`).then((is) => is && resetList());
  if (at.closest("[data-export]")) {
    event.preventDefault();
    const ticked = rowCheckboxes().filter((box) => box.checked).map((box) => `case=${encodeURIComponent(box.value)}`);
    window.location.href = ["/cases/export.xlsx?" + (list()?.dataset["query"] ?? ""), ...ticked].join("&");
  }
}

export function setUpQueue(): void {
  setUpTicks();
  document.addEventListener("click", onClick);
  if (!list()) return;
  onChanges(onCaseChange, refreshAll);
  document.addEventListener("htmx:after:swap", () => {
    updateTickCount();
    document.querySelectorAll<HTMLDetailsElement>("#bulk details[open]").forEach((drop) => {
      if (document.querySelector("#bulk-result [data-outcome]")) drop.open = false;
    });
  });
  setUpFilters(resetList);
  updateTickCount();
}
