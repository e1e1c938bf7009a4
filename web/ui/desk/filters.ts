// A filter shows its list without loading the page anew: the list alone is fetched, and what hangs by it follows.
import htmx from "htmx.org";
import { warnIfOffline } from "./connection";
import { PartLoader } from "./part";

/** No row is lower than so many pixels. */
const MIN_ROW_HEIGHT = 50;
const ROW_START = "<tr data-case";
const LIST_START = /^\s*<div id="list"/;

const loader = new PartLoader();

/** The list's text with the rows of the first screen alone, and those below it: to be read once the first are painted. */
function splitRows(text: string): [string, string] {
  const top = document.getElementById("list")?.getBoundingClientRect().top ?? 0;
  const seen = (window.innerHeight - Math.max(0, top)) / MIN_ROW_HEIGHT;
  let cut = text.indexOf(ROW_START);
  for (let row = 0; cut >= 0 && row < seen; row += 1) cut = text.indexOf(ROW_START, cut + 1);
  const end = text.lastIndexOf("</tbody>");
  return cut < 0 || end < cut ? [text, ""] : [text.slice(0, cut) + text.slice(end), text.slice(cut, end)];
}

/** Puts the list that `first` spells in place of the one shown, and answers it; its rows `below` follow, once those of the
 * first screen are painted. It is read where it is to stand: nodes read elsewhere would have to move house one by one. */
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

/** What is kept, exported or gone back to is the list that is shown. */
function updateLinkedFields(query: string): void {
  document.querySelectorAll<HTMLInputElement>("[data-follows]").forEach((field) => {
    field.value = `${field.dataset["follows"]}${query}`;
  });
  document.querySelectorAll<HTMLElement>("[data-if-filtered]").forEach((tool) => {
    tool.hidden = query === "";
  });
}

/** Shows the list at an address of ours in place of the one that is shown; whether it does, unless another was asked
 * for meanwhile. Where it can't, the page is loaded: it says what is wrong with a filter, or that nobody answers.
 * Without a network the page stays, and says so. */
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

/** `shown` is called when another list is shown. */
export function setUpFilters(onShown: () => void): void {
  let search = window.location.search;
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
    history.pushState(null, "", address);
    search = window.location.search;
    // Who has typed and pressed Enter goes on in the list.
    if (document.activeElement?.matches("#filters input")) document.querySelector<HTMLElement>("#list [tabindex]")?.focus();
    onShown();
  });
  // Back to a list that this page no longer shows; a step to an anchor leaves the list as it is.
  window.addEventListener("popstate", () => {
    if (window.location.search !== search) window.location.reload();
  });
}
