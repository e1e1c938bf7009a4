// The service worker's part in pushes: shows what arrives, and opens what it is about.
/// <reference lib="webworker" />

interface Pushed {
  title?: string;
  body?: string;
  link?: string | null;
  tag?: string;
}

/** Let the worker show pushes. A push that is repeated replaces the one before, by its tag. */
export function listenForPushes(worker: ServiceWorkerGlobalScope): void {
  worker.addEventListener("push", (event) => {
    event.waitUntil(show(worker, read(event.data)));
  });
  worker.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(open(worker, String(event.notification.data ?? "")));
  });
}

function read(data: PushMessageData | null): Pushed {
  try {
    return (data?.json() ?? {}) as Pushed;
  } catch {
    return {}; // a push must always be shown: a browser takes the right away from who shows nothing
  }
}

function show(worker: ServiceWorkerGlobalScope, { title, body, link, tag }: Pushed): Promise<void> {
  return worker.registration.showNotification(title || "Gridloop", { body: body ?? "", tag: tag ?? "", data: link ?? "" });
}

/** Show the page of the link: only one of our own, else the first screen of the app. */
async function open(worker: ServiceWorkerGlobalScope, link: string): Promise<void> {
  const scope = worker.registration.scope;
  let address = scope;
  if (link) {
    const found = new URL(link, scope);
    if (found.origin === worker.location.origin) address = found.href;
  }
  for (const client of await worker.clients.matchAll({ type: "window" })) {
    if (client.url === address) {
      await client.focus();
      return;
    }
  }
  await worker.clients.openWindow(address);
}
