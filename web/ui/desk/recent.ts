// Which cases were opened last in this browser. Forgotten when somebody signs out.

export const RECENT = "recent-cases";
const MOST = 6;

export interface Opened {
  no: string;
  title: string;
}

/** The cases opened last, the newest first. */
export function recent(): Opened[] {
  try {
    return JSON.parse(localStorage.getItem(RECENT) ?? "[]") as Opened[];
  } catch {
    return [];
  }
}

/** Remembers that a case was opened. */
export function opened(no: string, title: string): void {
  try {
    const kept = [{ no, title }, ...recent().filter((one) => one.no !== no)].slice(0, MOST);
    localStorage.setItem(RECENT, JSON.stringify(kept));
  } catch {
    // A private window: nothing is remembered.
  }
}
