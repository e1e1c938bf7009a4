// Helpers for pages with filters: forms that submit on change, selects that fill in default texts, print buttons.

/** Fill the default texts of the chosen option into its fields, unless something else was typed there. */
function fillDefaults(select: HTMLSelectElement): void {
  const options = [...select.options];
  const chosen = select.selectedOptions[0];
  for (const [name, words] of Object.entries(chosen?.dataset ?? {})) {
    const field = select.form?.elements.namedItem(name);
    if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) continue;
    const typed = !options.some((option) => option.dataset[name] === field.value);
    if (!typed && words !== undefined) field.value = words;
  }
}

export function setUpChoice(): void {
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement && event.target.matches("[data-fills]")) fillDefaults(event.target);
  });
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-choose]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-print]")) {
    button.hidden = false; // `frame.ts` handles the click
  }
}
