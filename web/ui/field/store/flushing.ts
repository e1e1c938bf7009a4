// The times at which the outbox is sent: at the start, when the network is back, when the app comes to the front, every
// minute, after each new item, and when the next attempt of an item is due.
import { flush, items } from "./outbox";
import { notifyChange, onChange } from "./database";
import { isPending, isUnsent, LATE_AFTER } from "./item_states";

const FLUSH_INTERVAL = 60_000;
const MIN_DELAY = 3_000;

interface BadgeNavigator {
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
    notifyChange(); // the screens show ages
  }, FLUSH_INTERVAL);
  onChange(() => void updateBadgeAndTimer());
  void flush(true);
  void updateBadgeAndTimer();
}

/** Show the number of pending items on the app's icon, and set a timer for the next attempt that is due. */
async function updateBadgeAndTimer(): Promise<void> {
  const all = await items();
  const waiting = all.filter(isPending).length;
  const badge = navigator as BadgeNavigator;
  try {
    await (waiting ? badge.setAppBadge?.(waiting) : badge.clearAppBadge?.());
  } catch {
    // Not installed: there is no icon.
  }
  window.clearTimeout(timer);
  const next = Math.min(...all.filter((item) => isUnsent(item) && item.state !== "sign_in").map((item) => item.next_at));
  if (!Number.isFinite(next)) return;
  timer = window.setTimeout(() => void flush(), Math.max(MIN_DELAY, next - Date.now()));
}

/** The number of items that have waited for more than a day. */
export async function countLate(): Promise<number> {
  return (await items()).filter((item) => isPending(item) && Date.now() - item.made_at > LATE_AFTER).length;
}
