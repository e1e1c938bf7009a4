// Live changes. A live page has one element `#live` with hx-sse:connect="/live"; the stream's events `case`
// (data: {case_no, revision}) and `resync` arrive there as DOM events. If no stream opens within four seconds (a seventh
// tab over HTTP/1.1), `resync` is dispatched every 30 seconds instead.

const STREAM_TIMEOUT = 4_000;
const POLL_INTERVAL = 30_000;

export interface CaseChange {
  case_no: string;
  revision: number;
}

/** Call `change` for each case that has changed, and `resync` when changes were missed. */
export function onChanges(change: (data: CaseChange) => void, resync: () => void): void {
  const place = document.getElementById("live");
  place?.addEventListener("case", (event) => {
    const data = (event as CustomEvent<{ data: string }>).detail.data;
    change(JSON.parse(data) as CaseChange);
  });
  place?.addEventListener("resync", resync);
}

export function setUpLive(): void {
  const place = document.getElementById("live");
  if (!place) return;
  let open = false;
  let timer = 0;
  place.addEventListener("htmx:sse:after:connection", () => {
    open = true;
    window.clearInterval(timer);
    timer = 0;
    document.body.dataset["live"] = "stream";
  });
  const startPolling = (): void => {
    if (timer) return;
    document.body.dataset["live"] = "poll";
    timer = window.setInterval(() => {
      if (!document.hidden) place.dispatchEvent(new CustomEvent("resync"));
    }, POLL_INTERVAL);
  };
  place.addEventListener("htmx:sse:error", startPolling);
  window.setTimeout(() => {
    if (!open) startPolling();
  }, STREAM_TIMEOUT);
}
