// What the person has set on this phone. Small, and needed before the first paint: so it lies in local storage.

export function read(name: string): string | null {
  try {
    return localStorage.getItem(`gridloop-${name}`);
  } catch {
    return null;
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`gridloop-${name}`, value);
  } catch {
    // A private window: holds until it is closed.
  }
}

export function isLarge(): boolean {
  return read("large") === "1";
}

export function setLarge(large: boolean): void {
  keep("large", large ? "1" : "0");
  document.documentElement.classList.toggle("large", large);
}

/** The language that was asked for in the address, set on this phone, or is the browser's. */
export function wantedLanguage(): "zh" | "en" {
  const asked = new URLSearchParams(location.search).get("lang");
  const known = asked ?? read("language") ?? navigator.language;
  return known.startsWith("en") ? "en" : "zh";
}

export function pageOf(language: "zh" | "en"): string {
  return language === "en" ? "./en.html" : "./";
}
