// Whether the server can be reached, and whether it takes long. Without a network the page is for reading: nothing is
// sent, what is typed stays. What takes long is said to go on.
import { toast } from "./frame";

/** Milliseconds after which a command is said to take its time. */
const SLOW_AFTER = 8_000;

const message = (name: string): string => document.getElementById("away")?.dataset[name] ?? "";

function show(id: string, on: boolean): void {
  const place = document.getElementById(id);
  if (place) place.hidden = !on;
}

/** Whether the page had better stay where it is: without a network another one would be the browser's own error. */
export function warnIfOffline(): boolean {
  if (navigator.onLine) return false;
  toast(message("unread"));
  return true;
}

let pending = 0;
const timers: number[] = [];

/** Something was sent; whoever leaves the page leaves the wait behind. */
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
  // Come back to by the back key, a page waits for nothing any more.
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
      } else if (!form.hasAttribute("hx-post")) requestStarted(); // a whole page comes, or does not
    },
    true,
  );
  type RequestEvent = CustomEvent<{ ctx?: { request?: { method?: string } }; error?: unknown }>;
  const posts = (event: Event): boolean => (event as RequestEvent).detail.ctx?.request?.method === "POST";
  document.addEventListener("htmx:before:request", (event) => posts(event) && requestStarted());
  document.addEventListener("htmx:finally:request", (event) => posts(event) && requestEnded());
  document.addEventListener("htmx:error", (event) => posts(event) && toast(message("unknown")));
}
