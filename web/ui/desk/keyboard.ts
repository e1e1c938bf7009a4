// The keyboard shortcuts of the desk. Single keys are off while the reader types, and if they are switched off.
import htmx from "htmx.org";
import { undoLast } from "./holding";

/** Open a page as a dialog. If it cannot be loaded, the next key press tries again. */
async function openDialog(address: string): Promise<void> {
  const palette = (await import(document.body.dataset["palette"] ?? "")) as typeof import("./palette");
  await palette.openDialog(address, (part) => htmx.process(part));
}

let goPressedAt = 0; // when `g` was pressed

type KeyHandler = (key: string) => boolean;
let pageKeys: KeyHandler = () => false;

/** Set the page's own key handler, which returns whether it handled the key. */
export function setPageKeys(keys: KeyHandler): void {
  pageKeys = keys;
}

const isWriting = (at: EventTarget | null): boolean =>
  at instanceof HTMLElement &&
  (at.isContentEditable ||
    at.matches("textarea, select") ||
    (at instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit"].includes(at.type)));

const isOnControl = (event: KeyboardEvent): boolean =>
  (event.key === "Enter" || event.key === " ") &&
  (event.target as HTMLElement).matches?.("a, button, summary, input") === true &&
  !(event.target as HTMLElement).closest("#rows :is(th, .case-cell)");

function handleModifierKey(event: KeyboardEvent): void {
  if (event.key.toLowerCase() === "k") {
    event.preventDefault();
    void openDialog("/palette");
  } else if (event.key === "Enter") {
    const form = (event.target as HTMLElement).closest("form");
    if (!form) return;
    event.preventDefault();
    form.requestSubmit();
  }
}

function followShortcut(key: string): boolean {
  const link = document.querySelector<HTMLElement>(`[data-go="${CSS.escape(key)}"]`);
  link?.click();
  return link !== null;
}

function focusOn(selector: string): boolean {
  const field = document.querySelector<HTMLElement>(selector);
  field?.focus();
  return field !== null;
}

function handleKey(key: string): boolean {
  if (key === "?") {
    void openDialog("/keys");
    return true;
  }
  if (key === "/") return focusOn("[data-search]");
  if (key === "u" && undoLast()) return true;
  if (pageKeys(key)) return true;
  const action = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]:not([hidden] *)`);
  if (action) {
    action.closest("details")?.setAttribute("open", "");
    action.click();
    return true;
  }
  return key === "f" && focusOn("[data-filter]");
}

export function setUpKeyboard(): void {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey) {
      handleModifierKey(event);
      return;
    }
    if (!("keys" in document.body.dataset) || event.altKey) return;
    if (isWriting(event.target) || isOnControl(event) || document.querySelector("dialog[open]")) return;
    const sequence = Date.now() - goPressedAt < 1500;
    goPressedAt = !sequence && event.key === "g" ? Date.now() : 0;
    if (goPressedAt) return;
    if (sequence ? followShortcut(event.key) : handleKey(event.key)) event.preventDefault();
  });
}
