// The settings of this phone. They are small and needed before the first paint, so they are in local storage.

export function readSetting(name: string): string | null {
  try {
    return localStorage.getItem(`gridloop-${name}`);
  } catch {
    return null;
  }
}

export function saveSetting(name: string, value: string): void {
  try {
    localStorage.setItem(`gridloop-${name}`, value);
  } catch {
    // A private window: the setting lasts until it is closed.
  }
}

export function isLarge(): boolean {
  return readSetting("large") === "1";
}

export function setLarge(large: boolean): void {
  saveSetting("large", large ? "1" : "0");
  document.documentElement.classList.toggle("large", large);
}

/** The language of the address, or else of this phone's settings, or else of the browser. */
export function preferredLanguage(): "zh" | "en" {
  const requested = new URLSearchParams(location.search).get("lang");
  const tag = requested ?? readSetting("language") ?? navigator.language;
  return tag.startsWith("en") ? "en" : "zh";
}

export function pageFor(language: "zh" | "en"): string {
  return language === "en" ? "./en.html" : "./";
}
