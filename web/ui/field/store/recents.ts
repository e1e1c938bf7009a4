// The categories used last on this phone.
import { saveSetting, readSetting } from "./settings";

const MAX_RECENTS = 5;

export function recentCategories(): string[] {
  return (readSetting("recents") ?? "").split(",").filter(Boolean);
}

export function rememberCategory(code: string): void {
  const others = (readSetting("recents") ?? "").split(",").filter((other) => other && other !== code);
  saveSetting("recents", [code, ...others].slice(0, MAX_RECENTS).join(","));
}
