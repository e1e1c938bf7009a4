// The service worker: a cold start without a network, and sending with the page closed. Where there is none
// (the webviews of an iPhone) everything else works the same. A new version waits until the person wants it.
import { useEffect, useState } from "preact/hooks";

let waiting: ServiceWorker | null = null;
let wanted = false;
const watchers = new Set<(there: boolean) => void>();

function found(worker: ServiceWorker | null): void {
  if (!worker || !navigator.serviceWorker.controller) return; // the first one replaces nothing
  waiting = worker;
  watchers.forEach((watcher) => watcher(true));
}

export async function setUpWorker(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register("./sw.js");
    found(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const fresh = registration.installing;
      fresh?.addEventListener("statechange", () => {
        if (fresh.state === "installed") found(fresh);
      });
    });
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      if (wanted) location.reload();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void registration.update().catch(() => undefined);
    });
  } catch {
    // Blocked, or not over HTTPS: the page does without.
  }
}

/** Whether a new version waits. */
export function useUpdate(): boolean {
  const [there, setThere] = useState(waiting !== null);
  useEffect(() => {
    watchers.add(setThere);
    setThere(waiting !== null);
    return () => void watchers.delete(setThere);
  }, []);
  return there;
}

/** Goes over to the new version; the page loads anew, items and drafts stay. */
export function update(): void {
  wanted = true;
  waiting?.postMessage("take over");
}
