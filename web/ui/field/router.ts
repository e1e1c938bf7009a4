// One page, many screens: the part behind `#` says which. So the phone's back key works, and so does a reload.
import { useEffect, useState } from "preact/hooks";

export interface Route {
  /** The parts of the path: ["task", "EV2026…"]; home has none. */
  parts: string[];
  query: URLSearchParams;
}

export function currentRoute(): Route {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { parts: path.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
}

export function useRoute(): Route {
  const [current, setCurrent] = useState(currentRoute);
  useEffect(() => {
    const update = (): void => setCurrent(currentRoute());
    window.addEventListener("hashchange", update);
    update(); // it may have moved since it was drawn
    return () => window.removeEventListener("hashchange", update);
  }, []);
  return current;
}

export function navigate(path: string): void {
  location.hash = `#/${path}`;
}

/** Goes on without leaving the screen behind in the history. */
export function replaceRoute(path: string): void {
  history.replaceState(history.state, "", `#/${path}`);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

let steps = 0;
window.addEventListener("hashchange", () => (steps += 1));

/** Back to where one came from; home, when one came from nowhere. */
export function goBack(): void {
  if (steps > 0) {
    steps -= 2; // going back is a change too
    history.back();
  } else replaceRoute("");
}
