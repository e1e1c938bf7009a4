// Whether the server can be reached, and whether it takes long. Without a network the page is for reading: nothing is
// sent, what is typed stays. What takes long is said to go on.
import { toast } from "./frame";

/** Milliseconds after which a command is said to take its time. */
const LONG = 8_000;

const said = (name: string): string => document.getElementById("away")?.dataset[name] ?? "";

function show(id: string, on: boolean): void {
  const place = document.getElementById(id);
  if (place) place.hidden = !on;
}

/** Whether the page had better stay where it is: without a network another one would be the browser's own error. */
export function stays(): boolean {
  if (navigator.onLine) return false;
  toast(said("unread"));
  return true;
}

let waits = 0;
const timers: number[] = [];

/** Something was sent; whoever leaves the page leaves the wait behind. */
function begin(): void {
  waits += 1;
  timers.push(window.setTimeout(() => show("slow", waits > 0), LONG));
}

function end(): void {
  waits = Math.max(0, waits - 1);
  window.clearTimeout(timers.shift());
  if (waits === 0) show("slow", false);
}

const sends = (form: HTMLFormElement): boolean => form.method === "post";

export function setUpConnection(): void {
  const look = (): void => {
    show("away", !navigator.onLine);
    document.documentElement.classList.toggle("is-away", !navigator.onLine);
  };
  window.addEventListener("online", look);
  window.addEventListener("offline", look);
  look();
  // Come back to by the back key, a page waits for nothing any more.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    waits = 0;
    end();
  });
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target as HTMLFormElement;
      if (!sends(form)) return;
      if (!navigator.onLine) {
        event.preventDefault();
        event.stopImmediatePropagation();
        toast(said("unsent"));
      } else if (!form.hasAttribute("hx-post")) begin(); // a whole page comes, or does not
    },
    true,
  );
  type Told = CustomEvent<{ ctx?: { request?: { method?: string } }; error?: unknown }>;
  const posts = (event: Event): boolean => (event as Told).detail.ctx?.request?.method === "POST";
  document.addEventListener("htmx:before:request", (event) => posts(event) && begin());
  document.addEventListener("htmx:finally:request", (event) => posts(event) && end());
  document.addEventListener("htmx:error", (event) => posts(event) && toast(said("unknown")));
}
