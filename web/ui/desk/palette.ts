// Dialogs from the server: the key sheet and the search palette. A separate file, loaded when it is first needed.
import { recentCases } from "./recent";

let dialog: HTMLDialogElement | null = null;

/** Open the page at `address` as a dialog. Escape closes it, and the focus returns to where it was. */
export async function openDialog(address: string, process: (part: Element) => void): Promise<void> {
  dialog?.close();
  const element = document.createElement("dialog");
  element.className = "sheet-dialog";
  const answer = await fetch(address, { headers: { "HX-Request": "true" } });
  if (!answer.ok) {
    window.location.href = address;
    return;
  }
  element.innerHTML = await answer.text();
  element.setAttribute("aria-label", element.querySelector("input")?.getAttribute("aria-label") ?? "?");
  addLocalLinks(element);
  document.body.append(element);
  process(element);
  element.addEventListener("close", () => element.remove());
  element.addEventListener("click", (event) => {
    if (event.target === element) element.close();
  });
  element.addEventListener("keydown", moveFocus);
  element.showModal();
  element.querySelector<HTMLElement>("input")?.focus();
  dialog = element;
}

/** Add links that the page knows itself: the actions of the open case, and the cases opened last. */
function addLocalLinks(element: HTMLElement): void {
  const place = element.querySelector<HTMLElement>("[data-here]");
  if (!place) return;
  const acts = [...document.querySelectorAll<HTMLElement>("#case-side .acts :is(a, button)")].map((act) => {
    const link = linkTo("#", act.textContent ?? "");
    link.addEventListener("click", (event) => {
      event.preventDefault();
      dialog?.close();
      act.closest("details")?.setAttribute("open", "");
      act.click();
    });
    return link;
  });
  const recentLinks = recentCases().map(({ no, title }) => linkTo(`/cases/${no}`, `${title} ${no}`));
  const parts: [string | undefined, HTMLElement[]][] = [[place.dataset["acts"], acts], [place.dataset["recent"], recentLinks]];
  for (const [title, links] of parts) {
    if (!links.length) continue;
    const head = document.createElement("h3");
    head.textContent = title ?? "";
    const list = document.createElement("ul");
    list.className = "plain";
    for (const link of links) list.appendChild(document.createElement("li")).append(link);
    place.append(head, list);
  }
  const narrow = (typed: string): void => {
    const words = typed.trim().toLowerCase();
    place.querySelectorAll("li").forEach((line) => (line.hidden = !line.textContent!.toLowerCase().includes(words)));
    place.querySelectorAll<HTMLElement>("h3").forEach((head) => (head.hidden = !head.nextElementSibling?.querySelector("li:not([hidden])")));
    place.hidden = !place.querySelector("li:not([hidden])");
  };
  narrow("");
  element.querySelector("input")?.addEventListener("input", (event) => narrow((event.target as HTMLInputElement).value));
}

function linkTo(href: string, words: string): HTMLAnchorElement {
  const link = document.createElement("a");
  link.href = href;
  link.textContent = words.trim().replace(/\s+/g, " ");
  return link;
}

/** Up and down move through the results; Enter in the field opens the first. */
function moveFocus(event: KeyboardEvent): void {
  if (event.isComposing || !dialog) return;
  const links = [...dialog.querySelectorAll<HTMLAnchorElement>(".found li:not([hidden]) a")];
  const here = links.indexOf(document.activeElement as HTMLAnchorElement);
  if (event.key === "ArrowDown") links[Math.min(here + 1, links.length - 1)]?.focus();
  else if (event.key === "ArrowUp") (here > 0 ? links[here - 1] : dialog.querySelector<HTMLElement>("input"))?.focus();
  else if (event.key === "Enter" && event.target instanceof HTMLInputElement) links[0]?.click();
  else return;
  event.preventDefault();
}
