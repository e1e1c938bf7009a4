// One page with many screens: the part after `#` selects the screen, so that the back key and a reload work.
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
    update(); // the route may have changed since the first render
    return () => window.removeEventListener("hashchange", update);
  }, []);
  return current;
}

export function navigate(path: string): void {
  location.hash = `#/${path}`;
}

/** Go to a screen without keeping the current one in the history. */
export function replaceRoute(path: string): void {
  history.replaceState(history.state, "", `#/${path}`);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

let steps = 0;
window.addEventListener("hashchange", () => (steps += 1));

/** Go back to the previous screen; if there is none, because a link led here, to `otherwise` (the home screen). */
export function goBack(otherwise = ""): void {
  if (steps > 0) {
    steps -= 2; // going back fires a hashchange as well
    history.back();
  } else replaceRoute(otherwise);
}
