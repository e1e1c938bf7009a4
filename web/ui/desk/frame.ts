// The frame of a page: its menu on a narrow screen, the busy bar, messages.

/** Show a message for 8 seconds; screen readers announce it. */
export function toast(message: string): void {
  const place = document.getElementById("toasts");
  if (!place) return;
  const line = document.createElement("div");
  line.className = "toast";
  line.textContent = message;
  place.append(line);
  window.setTimeout(() => line.remove(), 8000);
}

export function setUpFrame(): void {
  const menu = document.getElementById("menu");
  const button = document.querySelector<HTMLButtonElement>(".menu-button");
  button?.addEventListener("click", () => {
    const open = menu?.classList.toggle("open") ?? false;
    button.setAttribute("aria-expanded", String(open));
  });
  document.addEventListener("htmx:before:request", () => document.documentElement.classList.add("is-busy"));
  document.addEventListener("htmx:finally:request", () => document.documentElement.classList.remove("is-busy"));
  document.addEventListener("click", (event) => {
    const sheet = document.querySelector<HTMLDetailsElement>("details.who[open]");
    if (sheet && !sheet.contains(event.target as Node)) sheet.open = false;
    const at = event.target as HTMLElement;
    if (at.closest("[data-print]")) window.print();
    document.querySelectorAll<HTMLDetailsElement>("details.drop[open]").forEach((drop) => {
      if (!drop.contains(at)) drop.open = false;
    });
  });
}
