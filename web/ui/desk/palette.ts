// Dialogs that come from the server: the key sheet, and the palette that finds things.
import htmx from "htmx.org";

let dialog: HTMLDialogElement | null = null;

/** Opens the page at `address` as a dialog. Escape closes it, and the focus goes back to where it was. */
export async function openDialog(address: string): Promise<void> {
  dialog?.close();
  const shown = document.createElement("dialog");
  shown.className = "sheet-dialog";
  const answer = await fetch(address, { headers: { "HX-Request": "true" } });
  if (!answer.ok) {
    window.location.href = address;
    return;
  }
  shown.innerHTML = await answer.text();
  shown.setAttribute("aria-label", shown.querySelector("input")?.getAttribute("aria-label") ?? "?");
  document.body.append(shown);
  htmx.process(shown);
  shown.addEventListener("close", () => shown.remove());
  shown.addEventListener("click", (event) => {
    if (event.target === shown) shown.close();
  });
  shown.addEventListener("keydown", move);
  shown.showModal();
  shown.querySelector<HTMLElement>("input")?.focus();
  dialog = shown;
}

/** Up and down go through what was found; Enter in the field opens the first. */
function move(event: KeyboardEvent): void {
  if (event.isComposing || !dialog) return;
  const links = [...dialog.querySelectorAll<HTMLAnchorElement>(".found a")];
  const here = links.indexOf(document.activeElement as HTMLAnchorElement);
  if (event.key === "ArrowDown") links[Math.min(here + 1, links.length - 1)]?.focus();
  else if (event.key === "ArrowUp") (here > 0 ? links[here - 1] : dialog.querySelector<HTMLElement>("input"))?.focus();
  else if (event.key === "Enter" && event.target instanceof HTMLInputElement) links[0]?.click();
  else return;
  event.preventDefault();
}
