// Small comforts of pages with filters: a choice is followed at once, and a button prints.

export function setUpChoice(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-choose]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}
