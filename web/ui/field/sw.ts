// The service worker: caches the shell, and sends the outbox when the network is back and no page is open.
// It never answers API requests.
/// <reference lib="webworker" />
import { listenForPushes } from "./push_worker";
import { flush, isAllSent } from "./store/outbox";

declare const VERSION: string;
declare const KEPT: string[];
const worker = self as unknown as ServiceWorkerGlobalScope;
const NAME = `gridloop-${VERSION}`;
listenForPushes(worker);

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(KEPT.map((file) => new Request(file, { cache: "reload" })))));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith("gridloop-") && name !== NAME) await caches.delete(name);
      await worker.clients.claim();
    })(),
  );
});

worker.addEventListener("message", (event) => {
  if (event.data === "take over") void worker.skipWaiting();
});

worker.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(worker.registration.scope)) event.respondWith(cachedOrFetch(event.request));
});

async function cachedOrFetch(request: Request): Promise<Response> {
  const cache = await caches.open(NAME);
  // The address of a request includes the part after `#`.
  const { pathname } = new URL(request.url);
  const path = pathname === new URL(worker.registration.scope).pathname ? "index.html" : pathname;
  return (await cache.match(path, { ignoreSearch: true })) ?? fetch(request);
}

worker.addEventListener("sync" as "message", (event) => {
  (event as unknown as ExtendableEvent).waitUntil(
    (async () => {
      await flush(true);
      if (!(await isAllSent())) throw new Error("not everything is sent: try again later");
    })(),
  );
});
