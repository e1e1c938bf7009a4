// A list that people work through does not change by itself; a pill shows that there are changes.
import htmx from "htmx.org";
import { onChanges } from "./live";

const MIN_INTERVAL = 5_000;

const casesIn = (place: ParentNode): Set<string> => new Set([...place.querySelectorAll<HTMLElement>("tr[data-case]")].map((row) => row.dataset["case"] ?? ""));
const countMissing = (these: Set<string>, those: Set<string>): number => [...these].filter((one) => !those.has(one)).length;

/** The page as it would be shown now; null without a network, or when signed out: the next click shows that. */
async function fetchPage(): Promise<Document | null> {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  return answer?.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

/** Replace the parts with those ids by the ones of another page. */
function replaceParts(ids: readonly string[], page: Document): void {
  for (const id of ids) {
    const place = document.getElementById(id);
    const part = page.getElementById(id);
    if (!place || !part) continue;
    place.replaceWith(document.adoptNode(part));
    htmx.process(part);
  }
}

/** Show the parts with those ids as they are now. */
export async function reloadParts(ids: readonly string[]): Promise<void> {
  const page = await fetchPage();
  if (page) replaceParts(ids, page);
}

/** `id`: the list's id; its attribute `data-waits` has the pill's text. `lineId`: the id of the summary line. */
export function setUpChangePill(id: string, lineId: string): void {
  const words = document.getElementById(id)?.dataset["waits"];
  if (!words) return;
  let fresh: Document | null = null;
  let timer = 0;
  let last = 0;

  const checkForChanges = async (): Promise<void> => {
    timer = 0;
    last = Date.now();
    const page = await fetchPage();
    if (!page) return;
    const [list, here, pill] = [page.getElementById(id), document.getElementById(id), document.getElementById("pill")];
    if (!list || !here || !pill) return;
    const [now, shown] = [casesIn(list), casesIn(here)];
    const [added, gone] = [countMissing(now, shown), countMissing(shown, now)];
    fresh = page;
    pill.hidden = added + gone === 0;
    pill.textContent = words.replace("{n}", String(added)).replace("{m}", String(gone));
  };
  const schedule = (): void => {
    if (!timer && !document.hidden) timer = window.setTimeout(() => void checkForChanges(), Math.max(500, last + MIN_INTERVAL - Date.now()));
  };
  onChanges(schedule, schedule);

  document.addEventListener("click", (event) => {
    if ((event.target as HTMLElement).id !== "pill" || !fresh) return;
    replaceParts([id, lineId], fresh);
    fresh = null;
    document.getElementById(id)?.querySelector<HTMLElement>("a")?.focus();
  });
}
