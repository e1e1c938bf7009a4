// Drafts of the forms of a case: typed text survives a reload, until the command has its receipt or the reader signs out
// or somebody else signs in.
import { RECENT_KEY } from "./recent";

const PREFIX = "draft:";
/** Whose drafts and recent cases are stored. */
const OWNER_KEY = "drafts-of";
const draftKey = (form: HTMLElement): string => PREFIX + (form.dataset["draft"] ?? "");
type Field = HTMLInputElement | HTMLTextAreaElement;
const fieldsOf = (form: HTMLElement): Field[] => [...form.querySelectorAll<Field>("[data-keep]")];

function saveDraft(form: HTMLElement): void {
  const typed = Object.fromEntries(fieldsOf(form).filter((field) => field.value).map((field) => [field.name, field.value]));
  const note = form.querySelector<HTMLElement>(".draft-note");
  try {
    if (Object.keys(typed).length > 0) localStorage.setItem(draftKey(form), JSON.stringify(typed));
    else localStorage.removeItem(draftKey(form));
    if (note) note.textContent = Object.keys(typed).length > 0 ? (note.dataset["kept"] ?? "") : "";
  } catch {
    if (note) note.textContent = "";
  }
}

/** Fill saved text into empty fields. */
export function restore(): void {
  document.querySelectorAll<HTMLElement>("form[data-draft]:not([data-restored])").forEach((form) => {
    form.dataset["restored"] = "";
    try {
      const typed = JSON.parse(localStorage.getItem(draftKey(form)) ?? "{}") as Record<string, string>;
      fieldsOf(form).forEach((field) => {
        if (!field.value && typed[field.name]) field.value = typed[field.name] ?? "";
      });
      form.dispatchEvent(new Event("input"));
    } catch {
      localStorage.removeItem(draftKey(form));
    }
  });
}

/** Whether the form has changed fields or uploaded files. */
export function isDirty(form: HTMLElement | null): boolean {
  return form !== null && (fieldsOf(form).some((field) => field.value !== field.defaultValue) || form.querySelector(".uploaded li") !== null);
}

function forgetAll(...prefixes: string[]): void {
  Object.keys(localStorage)
    .filter((key) => key === RECENT_KEY || prefixes.some((prefix) => key.startsWith(prefix)))
    .forEach((key) => localStorage.removeItem(key));
}

/** Remove what another person left in this browser when their session ended without a sign-out. */
function forgetOthers(): void {
  const person = document.body.dataset["person"];
  if (!person) return;
  try {
    const before = localStorage.getItem(OWNER_KEY);
    if (before !== null && before !== person) forgetAll(PREFIX, "held:");
    localStorage.setItem(OWNER_KEY, person);
  } catch {
    // A private window: nothing is stored.
  }
}

function removeSent(): void {
  document.querySelectorAll<HTMLElement>("[data-receipt]").forEach((receipt) => {
    localStorage.removeItem(PREFIX + (receipt.dataset["receipt"] ?? ""));
  });
}

export function setUpDrafts(): void {
  document.addEventListener("input", (event) => {
    const form = (event.target as HTMLElement).closest<HTMLElement>("form[data-draft]");
    if (form) saveDraft(form);
  });
  document.addEventListener("htmx:after:swap", () => {
    removeSent();
    restore();
  });
  document.addEventListener("submit", (event) => {
    if ((event.target as HTMLFormElement).getAttribute("action") === "/sign-out") forgetAll(PREFIX);
  });
  forgetOthers();
  removeSent();
  restore();
}
