// Moving through a list by keys: one row is the current one, and its title has the focus.
import { ownKeys } from "./keyboard";
import { boxes, closePreview, countTicks } from "./queue";

let anchor = -1;

const rows = (): HTMLTableRowElement[] => [
  ...document.querySelectorAll<HTMLTableRowElement>("#rows tr[data-case]:not(.gone)"),
];
const place = (): number => rows().findIndex((row) => row.classList.contains("current"));
export const current = (): HTMLTableRowElement | null => rows()[place()] ?? null;

function goTo(row: HTMLTableRowElement | undefined): void {
  if (!row) return;
  document.querySelectorAll("tr.current").forEach((other) => other.classList.remove("current"));
  row.classList.add("current");
  row.querySelector<HTMLElement>("th a")?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (document.querySelector("#preview:not(:empty)")) preview();
}

function preview(): void {
  current()?.querySelector<HTMLElement>("[data-preview]")?.click();
}

function tick(range: boolean): void {
  const row = current();
  const all = boxes();
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
  countTicks();
}

function act(name: string): void {
  const no = current()?.dataset["case"];
  if (no) window.location.href = `/cases/${no}?act=${name}#action`;
}

function claim(): void {
  const box = current()?.querySelector<HTMLInputElement>('input[name="case"]');
  if (!box) return;
  if (!boxes().some((one) => one.checked)) box.checked = true;
  countTicks();
  document.querySelector<HTMLElement>('[data-bulk="claim"]')?.click();
}

const ON_ROW: Record<string, () => void> = {
  x: () => tick(false),
  X: () => tick(true),
  Enter: () => current()?.querySelector<HTMLElement>("th a")?.click(),
  " ": preview,
  ArrowRight: preview,
  c: claim,
  a: () => act("transfer"),
  t: () => act("transfer"),
  n: () => act("comment"),
  e: () => act("request_extension"),
  r: () => act("return"),
};

/** Does what the key means in a list; whether it meant anything. */
function onList(key: string): boolean {
  if (!document.getElementById("rows")) return false;
  if (key === "j" || key === "ArrowDown") {
    if (key === "ArrowDown" && place() < 0) return false;
    goTo(rows()[Math.min(place() + 1, rows().length - 1)]);
    return true;
  }
  if (key === "k" || key === "ArrowUp") {
    if (place() < 0) return false;
    goTo(rows()[Math.max(place() - 1, 0)]);
    return true;
  }
  if (key === "Escape" && document.querySelector("#preview:not(:empty)")) {
    closePreview();
    current()?.querySelector<HTMLElement>("th a")?.focus();
    return true;
  }
  const does = ON_ROW[key];
  if (!does || !current()) return false;
  does();
  return true;
}

export function setUpRows(): void {
  ownKeys(onList);
  document.addEventListener("focusin", (event) => {
    const row = (event.target as HTMLElement).closest<HTMLTableRowElement>("#rows tr[data-case]");
    if (!row) return;
    document.querySelectorAll("tr.current").forEach((other) => other.classList.remove("current"));
    row.classList.add("current");
  });
}
