// What the shell tells the scripts: the language, the English texts, the words for codes.

interface Words {
  [book: string]: Record<string, string>;
}

function readJson<T>(id: string, fallback: T): T {
  const text = typeof document === "undefined" ? null : document.getElementById(id)?.textContent;
  return text ? (JSON.parse(text) as T) : fallback;
}

const english = readJson<Record<string, string>>("texts", {});
const words = readJson<Words>("words", {});

/** `zh` or `en`. */
export const language = typeof document === "undefined" ? "zh" : (document.documentElement.dataset["language"] ?? "zh");

/** The text in the reader's language, with `%(name)s` filled in. */
export function t(message: string, params: Record<string, string | number> = {}): string {
  const text = english[message] ?? message;
  return text.replace(/%\((\w+)\)s/g, (_, name: string) => String(params[name] ?? ""));
}

/** What a code is called; an unknown code stands for itself. */
export function codeLabel(book: string, code: string | null | undefined): string {
  return words[book]?.[code ?? ""] ?? code ?? "";
}

/** Of two names the one in the reader's language. */
export function localName(thing: { name_zh: string; name_en: string }): string {
  return language === "en" ? thing.name_en : thing.name_zh;
}
