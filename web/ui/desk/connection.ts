// Network state and slow requests. Without a network the page is read-only: nothing is sent, and typed text stays. A
// slow command shows a message.
import { toast } from "./frame";

/** Milliseconds after which a command counts as slow. */
const SLOW_AFTER = 8_000;

const message = (name: string): string => document.getElementById("away")?.dataset[name] ?? "";

function show(id: string, on: boolean): void {
  const place = document.getElementById(id);
  if (place) place.hidden = !on;
}

/** Show a warning if there is no network, and return whether there is none: leaving the page would show a browser error. */
export function warnIfOffline(): boolean {
  if (navigator.onLine) return false;
  toast(message("unread"));
  return true;
}

let pending = 0;
const timers: number[] = [];

/** Count a request that was sent, and start its timer. */
function requestStarted(): void {
  pending += 1;
  timers.push(window.setTimeout(() => show("slow", pending > 0), SLOW_AFTER));
}

function requestEnded(): void {
  pending = Math.max(0, pending - 1);
  window.clearTimeout(timers.shift());
  if (pending === 0) show("slow", false);
}

const isPost = (form: HTMLFormElement): boolean => form.method === "post";

export function setUpConnection(): void {
  const update = (): void => {
    show("away", !navigator.onLine);
    document.documentElement.classList.toggle("is-away", !navigator.onLine);
  };
  window.addEventListener("online", update);
  window.addEventListener("offline", update);
  update();
  // A page restored by the back key has no pending requests.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    pending = 0;
    requestEnded();
  });
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target as HTMLFormElement;
      if (!isPost(form)) return;
      if (!navigator.onLine) {
        event.preventDefault();
        event.stopImmediatePropagation();
        toast(message("unsent"));
      } else if (!form.hasAttribute("hx-post")) requestStarted(); // without htmx the browser loads a whole page
    },
    true,
  );
  type RequestEvent = CustomEvent<{ ctx?: { request?: { method?: string } }; error?: unknown }>;
  const posts = (event: Event): boolean => (event as RequestEvent).detail.ctx?.request?.method === "POST";
  document.addEventListener("htmx:before:request", (event) => posts(event) && requestStarted());
  document.addEventListener("htmx:finally:request", (event) => posts(event) && requestEnded());
  document.addEventListener("htmx:error", (event) => posts(event) && toast(message("unknown")));
}
