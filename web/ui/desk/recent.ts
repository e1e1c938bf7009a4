// The cases opened last in this browser. They are removed when the reader signs out.

export const RECENT_KEY = "recent-cases";
const MAX_RECENT = 6;

export interface OpenedCase {
  no: string;
  title: string;
}

/** The cases opened last, the newest first. */
export function recentCases(): OpenedCase[] {
  try {
    return JSON.parse(localStorage.getItem(RECENT_KEY) ?? "[]") as OpenedCase[];
  } catch {
    return [];
  }
}

/** Record that a case was opened. */
export function rememberOpened(no: string, title: string): void {
  try {
    const kept = [{ no, title }, ...recentCases().filter((one) => one.no !== no)].slice(0, MAX_RECENT);
    localStorage.setItem(RECENT_KEY, JSON.stringify(kept));
  } catch {
    // A private window: nothing is stored.
  }
}
