// A filter shows its list without loading the page anew: the list alone is fetched, and what hangs by it follows.
import htmx from "htmx.org";
import { stays } from "./connection";
import { Part } from "./part";

/** No row is lower than so many pixels. */
const LOWEST = 50;
const ROW = "<tr data-case";
const BEGINS = /^\s*<div id="list"/;

const part = new Part();

/** The list's text with the rows of the first screen alone, and those below it: to be read once the first are painted. */
function parted(text: string): [string, string] {
  const top = document.getElementById("list")?.getBoundingClientRect().top ?? 0;
  const seen = (window.innerHeight - Math.max(0, top)) / LOWEST;
  let cut = text.indexOf(ROW);
  for (let row = 0; cut >= 0 && row < seen; row += 1) cut = text.indexOf(ROW, cut + 1);
  const end = text.lastIndexOf("</tbody>");
  return cut < 0 || end < cut ? [text, ""] : [text.slice(0, cut) + text.slice(end), text.slice(cut, end)];
}

/** Puts the list that `first` spells in place of the one shown, and answers it; its rows `below` follow, once those of the
 * first screen are painted. It is read where it is to stand: nodes read elsewhere would have to move house one by one. */
function put(first: string, below: string): HTMLElement | null {
  const old = document.getElementById("list");
  if (!old || !BEGINS.test(first)) return null;
  old.outerHTML = first;
  const fresh = document.getElementById("list");
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
    fresh?.querySelector("tbody")?.insertAdjacentHTML("beforeend", below);
    if (fresh) htmx.process(fresh);
  })));
  return fresh;
}

/** What is kept, exported or gone back to is the list that is shown. */
function follow(query: string): void {
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
  const text = await part.fetch(address).catch(() => "");
  if (text === null || (text === "" && stays())) return false;
  const [first, below] = parted(text);
  const fresh = put(first, below);
  if (!fresh) {
    window.location.href = address;
    return false;
  }
  follow(fresh.dataset["query"] ?? "");
  const hears = document.getElementById("heard");
  if (hears) hears.textContent = fresh.querySelector("[data-count]")?.textContent ?? "";
  return true;
}

/** `shown` is called when another list is shown. */
export function setUpFilters(shown: () => void): void {
  let at = window.location.search;
  document.addEventListener("submit", async (event) => {
    const form = event.target as HTMLFormElement;
    if (form.id !== "filters") return;
    event.preventDefault();
    const asked = new URLSearchParams();
    new FormData(form).forEach((value, name) => {
      if (value !== "") asked.append(name, String(value));
    });
    const address = `${form.getAttribute("action")}?${asked}`;
    if (!(await showList(address))) return;
    history.pushState(null, "", address);
    at = window.location.search;
    // Who has typed and pressed Enter goes on in the list.
    if (document.activeElement?.matches("#filters input")) document.querySelector<HTMLElement>("#list [tabindex]")?.focus();
    shown();
  });
  // Back to a list that this page no longer shows; a step to an anchor leaves the list as it is.
  window.addEventListener("popstate", () => {
    if (window.location.search !== at) window.location.reload();
  });
}
