// Forms whose commands are held back or asked about before they are sent. The work is done by `held.ts`, which is loaded when
// somebody begins to use such a form, or when an earlier page has left something behind.

let loading: Promise<typeof import("./held")> | undefined;
const load = (): Promise<typeof import("./held")> => (loading ??= import(document.body.dataset["held"] ?? ""));
const CAREFUL = "form[data-hold], form[data-ask]";

/** Take back the last command that is held; returns whether there was one. */
export function undoLast(): boolean {
  const button = [...document.querySelectorAll<HTMLElement>("#held [data-undo]")].at(-1);
  button?.click();
  return button !== undefined;
}

export function setUpHolding(): void {
  if (Object.keys(localStorage).some((key) => key.startsWith("held:"))) void load().then((held) => held.settle());
  for (const kind of ["focusin", "pointerdown"])
    document.addEventListener(kind, (event) => {
      if ((event.target as HTMLElement).closest?.(CAREFUL)) void load();
    });
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const submitter = event.submitter;
    if ("released" in form.dataset) return void delete form.dataset["released"];
    if ((!form.matches(CAREFUL) && !submitter?.dataset["ask"]) || (submitter && "now" in submitter.dataset)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void load().then((held) => held.take(form, submitter));
  }, true);
}
