// When the outbox is sent: at the start, when the network is back, when the app comes to the front, every minute,
// after each new item, and as soon as something's next try is due.
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
    notifyChange(); // ages are shown
  }, FLUSH_INTERVAL);
  onChange(() => void updateBadgeAndTimer());
  void flush(true);
  void updateBadgeAndTimer();
}

/** Shows how many wait on the app's icon, and sends again when the next try is due. */
async function updateBadgeAndTimer(): Promise<void> {
  const all = await items();
  const waiting = all.filter(isPending).length;
  const badge = navigator as BadgeNavigator;
  try {
    await (waiting ? badge.setAppBadge?.(waiting) : badge.clearAppBadge?.());
  } catch {
    // Not installed: there is no icon to put it on.
  }
  window.clearTimeout(timer);
  const next = Math.min(...all.filter((item) => isUnsent(item) && item.state !== "sign_in").map((item) => item.next_at));
  if (!Number.isFinite(next)) return;
  timer = window.setTimeout(() => void flush(), Math.max(MIN_DELAY, next - Date.now()));
}

/** How many have waited for more than a day. */
export async function countLate(): Promise<number> {
  return (await items()).filter((item) => isPending(item) && Date.now() - item.made_at > LATE_AFTER).length;
}
