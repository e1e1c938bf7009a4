// Keyboard navigation in a list: one row is the current one, and its title has the focus.
import { setPageKeys } from "./keyboard";
import { rowCheckboxes, updateTickCount } from "./ticks";

let anchor = -1;

const rows = (): HTMLTableRowElement[] => [
  ...document.querySelectorAll<HTMLTableRowElement>("#rows tr[data-case]:not(.gone)"),
];
const currentIndex = (): number => rows().findIndex((row) => row.classList.contains("current"));
export const currentRow = (): HTMLTableRowElement | null => rows()[currentIndex()] ?? null;

function goTo(row: HTMLTableRowElement | undefined): void {
  if (!row) return;
  document.querySelectorAll("tr.current").forEach((other) => other.classList.remove("current"));
  row.classList.add("current");
  row.querySelector<HTMLElement>("th a, .case-cell a")?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (isPreviewOpen()) openPreview();
}

function openPreview(): void {
  currentRow()?.querySelector<HTMLElement>("[data-preview], [data-panel]")?.click();
}

/** Empty the place beside the list: of a preview, or of a panel. */
export function closePreview(): void {
  document.querySelectorAll("#preview, aside#side").forEach((place) => (place.textContent = ""));
}

const isPreviewOpen = (): boolean => document.querySelector("#preview:not(:empty), aside#side:not(:empty)") !== null;

function toggleTick(range: boolean, row = currentRow()): void {
  const all = rowCheckboxes();
  const box = row?.querySelector<HTMLInputElement>('input[name="case"]');
  if (!box) return;
  const here = all.indexOf(box);
  if (range && anchor >= 0) {
    for (let i = Math.min(anchor, here); i <= Math.max(anchor, here); i += 1) {
      const one = all[i];
      if (one) one.checked = true;
    }
  } else {
    box.checked = !box.checked;
  }
  anchor = here;
  updateTickCount();
}

function openForm(name: string): void {
  const no = currentRow()?.dataset["case"];
  if (no) window.location.href = `/cases/${no}?act=${name}#action`;
}

function claim(): void {
  const box = currentRow()?.querySelector<HTMLInputElement>('input[name="case"]');
  if (!box || !document.querySelector('[data-bulk="claim"]')) return;
  if (!rowCheckboxes().some((one) => one.checked)) box.checked = true;
  updateTickCount();
  document.querySelector<HTMLElement>('[data-bulk="claim"]')?.click();
}

const ROW_KEYS: Record<string, () => void> = {
  x: () => toggleTick(false),
  X: () => toggleTick(true),
  Enter: () => currentRow()?.querySelector<HTMLElement>("th a, .case-cell a")?.click(),
  " ": openPreview,
  ArrowRight: openPreview,
  c: claim,
  a: () => openForm("transfer"),
  t: () => openForm("transfer"),
  n: () => openForm("comment"),
  e: () => openForm("request_extension"),
  r: () => openForm("return"),
};

/** Handle a key in a list. Returns whether it was handled. */
function handleListKey(key: string): boolean {
  if (!document.getElementById("rows")) return false;
  if (key === "j" || key === "ArrowDown") {
    if (key === "ArrowDown" && currentIndex() < 0) return false;
    goTo(rows()[Math.min(currentIndex() + 1, rows().length - 1)]);
    return true;
  }
  if (key === "k" || key === "ArrowUp") {
    if (currentIndex() < 0) return false;
    goTo(rows()[Math.max(currentIndex() - 1, 0)]);
    return true;
  }
  if (key === "Escape" && isPreviewOpen()) {
    closePreview();
    currentRow()?.querySelector<HTMLElement>("th a, .case-cell a")?.focus();
    return true;
  }
  const action = ROW_KEYS[key];
  if (!action || !currentRow()) return false;
  action();
  return true;
}

/** In a list that says so, a click beside links and fields selects the row; with Shift, all rows up to it. */
export function setUpPicking(): void {
  document.addEventListener("mousedown", (event) => {
    // With Shift the browser would mark the text between.
    if (event.shiftKey && (event.target as HTMLElement).closest("#rows[data-pick]")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const at = event.target as HTMLElement;
    const row = at.closest<HTMLTableRowElement>("#rows[data-pick] tr[data-case]");
    if (!row) return;
    const box = at.closest<HTMLInputElement>('input[name="case"]');
    if (box) {
      // The browser has ticked it already.
      if (event.shiftKey) toggleTick(true, row);
      else anchor = rowCheckboxes().indexOf(box);
    } else if (!at.closest("a, button, label") && !String(window.getSelection())) {
      toggleTick(event.shiftKey, row);
      goTo(row);
    }
  });
}

export function setUpRows(): void {
  setPageKeys(handleListKey);
  document.addEventListener("focusin", (event) => {
    const row = (event.target as HTMLElement).closest<HTMLTableRowElement>("#rows tr[data-case]");
    if (!row) return;
    document.querySelectorAll("tr.current").forEach((other) => other.classList.remove("current"));
    row.classList.add("current");
  });
}
