// Registration and updates of the service worker, for starting without a network and sending with the page closed.
// Without one (in webviews on an iPhone) everything else works the same. A new version waits until the person accepts it.
import { useEffect, useState } from "preact/hooks";

let waiting: ServiceWorker | null = null;
let updateRequested = false;
const listeners = new Set<(there: boolean) => void>();

function setWaiting(worker: ServiceWorker | null): void {
  if (!worker || !navigator.serviceWorker.controller) return; // the first worker replaces nothing
  waiting = worker;
  listeners.forEach((watcher) => watcher(true));
}

export async function setUpWorker(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register("./sw.js");
    setWaiting(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const fresh = registration.installing;
      fresh?.addEventListener("statechange", () => {
        if (fresh.state === "installed") setWaiting(fresh);
      });
    });
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      if (updateRequested) location.reload();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void registration.update().catch(() => undefined);
    });
  } catch {
    // Blocked, or not over HTTPS: the page works without it.
  }
}

/** Whether a new version is waiting. */
export function useUpdate(): boolean {
  const [there, setThere] = useState(waiting !== null);
  useEffect(() => {
    listeners.add(setThere);
    setThere(waiting !== null);
    return () => void listeners.delete(setThere);
  }, []);
  return there;
}

/** Activate the new version; the page reloads, items and drafts stay. */
export function applyUpdate(): void {
  updateRequested = true;
  waiting?.postMessage("take over");
}
