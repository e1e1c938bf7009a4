// Filters without a page load: only the list is fetched, and the fields that depend on it are updated.
import htmx from "htmx.org";
import { warnIfOffline } from "./connection";
import { PartLoader } from "./part";

/** The minimum height of a row in pixels. */
const MIN_ROW_HEIGHT = 50;
const ROW_START = "<tr data-case";
const LIST_START = /^\s*<div id="list"/;

/** Milliseconds. */
const TYPING_PAUSE = 350;
/** Whether the list is asked for because of a pause in typing, and whether the one shown was. */
let typing = false;
let wasTyping = false;

const loader = new PartLoader();

/** The HTML of the list with the rows of the first screen only, and the rows below, which are parsed after the first paint. */
function splitRows(text: string): [string, string] {
  const top = document.getElementById("list")?.getBoundingClientRect().top ?? 0;
  const seen = (window.innerHeight - Math.max(0, top)) / MIN_ROW_HEIGHT;
  let cut = text.indexOf(ROW_START);
  for (let row = 0; cut >= 0 && row < seen; row += 1) cut = text.indexOf(ROW_START, cut + 1);
  const end = text.lastIndexOf("</tbody>");
  return cut < 0 || end < cut ? [text, ""] : [text.slice(0, cut) + text.slice(end), text.slice(cut, end)];
}

/** Replace the shown list by the HTML `first`, and return it. The rows `below` are added after the first paint. The HTML is
 * parsed in place: nodes parsed elsewhere would have to be adopted one by one. */
function replaceList(first: string, below: string): HTMLElement | null {
  const old = document.getElementById("list");
  if (!old || !LIST_START.test(first)) return null;
  old.outerHTML = first;
  const fresh = document.getElementById("list");
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
    fresh?.querySelector("tbody")?.insertAdjacentHTML("beforeend", below);
    if (fresh) htmx.process(fresh);
  })));
  return fresh;
}

/** Update the fields that save, export or return to the shown list. */
function updateLinkedFields(query: string): void {
  document.querySelectorAll<HTMLInputElement>("[data-follows]").forEach((field) => {
    field.value = `${field.dataset["follows"]}${query}`;
  });
  document.querySelectorAll<HTMLElement>("[data-if-filtered]").forEach((tool) => {
    tool.hidden = query === "";
  });
}

/** Show the list at an address in place of the current one. Returns whether it is shown; false also if another list was
 * requested in the meantime. If it fails, the page is loaded, which shows the fault of a filter or the server's error.
 * Without a network the page stays and shows a message. */
export async function showList(address: string): Promise<boolean> {
  const text = await loader.fetch(address).catch(() => "");
  if (text === null || (text === "" && warnIfOffline())) return false;
  const [first, below] = splitRows(text);
  const fresh = replaceList(first, below);
  if (!fresh) {
    window.location.href = address;
    return false;
  }
  updateLinkedFields(fresh.dataset["query"] ?? "");
  const status = document.getElementById("heard");
  if (status) status.textContent = fresh.querySelector("[data-count]")?.textContent ?? "";
  return true;
}

/** Filters apply as they are changed: a choice at once, text when the typing pauses. */
function listenToChanges(): void {
  const form = document.getElementById("filters") as HTMLFormElement | null;
  let timer = 0;
  const apply = (delay: number): void => {
    typing = delay > 0;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => form?.requestSubmit(), delay);
  };
  form?.addEventListener("change", (event) => {
    if (!(event.target as HTMLElement).matches("input[type=search], input[name=grid]")) apply(0);
  });
  form?.addEventListener("input", (event) => {
    const field = event.target as HTMLInputElement;
    if (field.type === "search" && !(event as InputEvent).isComposing) apply(TYPING_PAUSE);
    if (field.name === "grid" && (field.value === "" || isListed(field))) apply(0);
  });
  form?.addEventListener("compositionend", () => apply(TYPING_PAUSE));
  form?.addEventListener("submit", () => window.clearTimeout(timer));
}

/** Whether the value was chosen from the field's list: an unfinished code would be refused. */
const isListed = (field: HTMLInputElement): boolean => [...(field.list?.options ?? [])].some((one) => one.value === field.value);

/** `onShown` is called when another list is shown. */
export function setUpFilters(onShown: () => void): void {
  let search = window.location.search;
  let entered = false;
  document.getElementById("filters")?.addEventListener("keydown", (event) => (entered = event.key === "Enter"));
  document.addEventListener("submit", async (event) => {
    const form = event.target as HTMLFormElement;
    if (form.id !== "filters") return;
    event.preventDefault();
    const params = new URLSearchParams();
    new FormData(form).forEach((value, name) => {
      if (value !== "") params.append(name, String(value));
    });
    const address = `${form.getAttribute("action")}?${params}`;
    if (!(await showList(address))) return;
    // Going back leads to the list before one began to type, not to every pause.
    if (typing && wasTyping) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    wasTyping = typing;
    typing = false;
    search = window.location.search;
    // After Enter in a filter field the focus goes to the list; while somebody types it stays.
    if (entered && document.activeElement?.matches("#filters input")) document.querySelector<HTMLElement>("#list [tabindex]")?.focus();
    onShown();
  });
  listenToChanges();
  // Going back to another list reloads the page; a step to an anchor does not.
  window.addEventListener("popstate", () => {
    if (window.location.search !== search) window.location.reload();
  });
}
