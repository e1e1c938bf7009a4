// One page, many screens: the part behind `#` says which. So the phone's back key works, and so does a reload.
import { useEffect, useState } from "preact/hooks";

export interface Route {
  /** The parts of the path: ["task", "EV2026…"]; home has none. */
  parts: string[];
  query: URLSearchParams;
}

export function route(): Route {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { parts: path.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
}

export function useRoute(): Route {
  const [now, setNow] = useState(route);
  useEffect(() => {
    const moved = (): void => setNow(route());
    window.addEventListener("hashchange", moved);
    moved(); // it may have moved since it was drawn
    return () => window.removeEventListener("hashchange", moved);
  }, []);
  return now;
}

export function go(path: string): void {
  location.hash = `#/${path}`;
}

/** Goes on without leaving the screen behind in the history. */
export function instead(path: string): void {
  history.replaceState(history.state, "", `#/${path}`);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

let steps = 0;
window.addEventListener("hashchange", () => (steps += 1));

/** Back to where one came from; home, when one came from nowhere. */
export function back(): void {
  if (steps > 0) {
    steps -= 2; // going back is a change too
    history.back();
  } else instead("");
}
