// The categories that this phone used last.
import { keep, read } from "./settings";

const MOST = 5;

export function useRecents(): string[] {
  return (read("recents") ?? "").split(",").filter(Boolean);
}

export function remember(code: string): void {
  const known = (read("recents") ?? "").split(",").filter((other) => other && other !== code);
  keep("recents", [code, ...known].slice(0, MOST).join(","));
}
