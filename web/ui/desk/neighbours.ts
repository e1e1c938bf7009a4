// The list that a case was opened from: the case page leads on to the case before and the one after. A list is remembered when
// its page is left, for this tab of the browser.

const KEY = "list";
const MOST = 500;

interface List {
  href: string;
  title: string;
  nos: string[];
}

/** Remember the cases of this page's list, in the order in which they are shown. */
export function rememberList(): void {
  window.addEventListener("pagehide", () => {
    const rows = [...document.querySelectorAll<HTMLElement>("main tr[data-case], main li[data-case]")];
    const nos = [...new Set(rows.map((row) => row.dataset["case"] ?? ""))].slice(0, MOST);
    if (nos.length < 2) return;
    const title = document.querySelector("h1")?.textContent ?? "";
    sessionStorage.setItem(KEY, JSON.stringify({ href: location.pathname + location.search, title, nos }));
  });
}

function link(href: string, words: string, key: string): HTMLAnchorElement {
  const made = document.createElement("a");
  made.className = "button";
  made.href = href;
  made.textContent = words;
  const sign = document.createElement("kbd");
  sign.textContent = key;
  made.append(" ", sign);
  made.dataset["neighbour"] = key;
  return made;
}

/** Show the links to the neighbours of the case in the list that it was opened from. */
export function showNeighbours(no: string): void {
  const place = document.getElementById("neighbours");
  const list = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as List | null;
  const at = list?.nos.indexOf(no) ?? -1;
  if (!place || !list || at < 0) return;
  const [before, after] = [list.nos[at - 1], list.nos[at + 1]];
  const back = document.createElement("a");
  back.href = list.href;
  back.textContent = list.title;
  const count = document.createElement("span");
  count.className = "muted";
  count.textContent = `${at + 1}/${list.nos.length}`;
  place.replaceChildren(back, count);
  if (before) place.append(link(`/cases/${before}`, `‹ ${place.dataset["previous"]}`, "k"));
  if (after) place.append(link(`/cases/${after}`, `${place.dataset["next"]} ›`, "j"));
  place.hidden = false;
}

/** Follow a key of the links. Returns whether there is such a link. */
export function followNeighbour(key: string): boolean {
  const found = document.querySelector<HTMLElement>(`[data-neighbour="${CSS.escape(key)}"]`);
  found?.click();
  return found !== null;
}
