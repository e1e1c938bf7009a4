// A list that people work through stays as it is; that it has changed meanwhile waits behind a pill.
import htmx from "htmx.org";
import { onChanges } from "./live";

const AT_MOST_EVERY = 5_000;

const casesIn = (place: ParentNode): Set<string> => new Set([...place.querySelectorAll<HTMLElement>("tr[data-case]")].map((row) => row.dataset["case"] ?? ""));
const beyond = (these: Set<string>, those: Set<string>): number => [...these].filter((one) => !those.has(one)).length;

/** `id`: of the list; with `data-waits` it wants a pill, whose words that attribute holds. `told`: of the line about it. */
export function setUpWaiting(id: string, told: string): void {
  const words = document.getElementById(id)?.dataset["waits"];
  if (!words) return;
  let fresh: Document | null = null;
  let timer = 0;
  let last = 0;

  const look = async (): Promise<void> => {
    timer = 0;
    last = Date.now();
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer?.ok || answer.redirected) return; // Away, or signed out: the frame says so at the next click.
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [list, here, pill] = [page.getElementById(id), document.getElementById(id), document.getElementById("pill")];
    if (!list || !here || !pill) return;
    const [now, shown] = [casesIn(list), casesIn(here)];
    const [come, gone] = [beyond(now, shown), beyond(shown, now)];
    fresh = page;
    pill.hidden = come + gone === 0;
    pill.textContent = words.replace("{n}", String(come)).replace("{m}", String(gone));
  };
  const soon = (): void => {
    if (!timer && !document.hidden) timer = window.setTimeout(() => void look(), Math.max(500, last + AT_MOST_EVERY - Date.now()));
  };
  onChanges(soon, soon);

  document.addEventListener("click", (event) => {
    if ((event.target as HTMLElement).id !== "pill" || !fresh) return;
    for (const name of [id, told]) {
      const place = document.getElementById(name);
      const part = fresh.getElementById(name);
      if (!place || !part) continue;
      place.replaceWith(document.adoptNode(part));
      htmx.process(part);
    }
    fresh = null;
    document.getElementById(id)?.querySelector<HTMLElement>("a")?.focus();
  });
}
