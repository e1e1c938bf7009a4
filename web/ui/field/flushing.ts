// When the outbox is sent: at the start, when the network is back, when the app comes to the front, every minute,
// after each new item, and as soon as something's next try is due.
import { flush, items } from "./outbox";
import { changed, onChange } from "./shelf";
import { isHere, isOpen, LONG } from "./states";

const EVERY = 60_000;
const SOONEST = 3_000;

interface Badged {
  setAppBadge?(count: number): Promise<void>;
  clearAppBadge?(): Promise<void>;
}

let timer = 0;

export function setUpFlushing(): void {
  window.addEventListener("online", () => void flush(true));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void flush(true);
  });
  window.setInterval(() => {
    void flush(true);
    changed(); // ages are shown
  }, EVERY);
  onChange(() => void look());
  void flush(true);
  void look();
}

/** Shows how many wait on the app's icon, and sends again when the next try is due. */
async function look(): Promise<void> {
  const known = await items();
  const waiting = known.filter(isHere).length;
  const badge = navigator as Badged;
  try {
    await (waiting ? badge.setAppBadge?.(waiting) : badge.clearAppBadge?.());
  } catch {
    // Not installed: there is no icon to put it on.
  }
  window.clearTimeout(timer);
  const next = Math.min(...known.filter((item) => isOpen(item) && item.state !== "sign_in").map((item) => item.next_at));
  if (!Number.isFinite(next)) return;
  timer = window.setTimeout(() => void flush(), Math.max(SOONEST, next - Date.now()));
}

/** How many have waited for more than a day. */
export async function overdue(): Promise<number> {
  return (await items()).filter((item) => isHere(item) && Date.now() - item.made_at > LONG).length;
}
