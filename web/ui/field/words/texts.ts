// Texts from the shell: the language, the English texts, the labels of codes.

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

/** The label of a code; an unknown code is its own label. */
export function codeLabel(book: string, code: string | null | undefined): string {
  return words[book]?.[code ?? ""] ?? code ?? "";
}

/** The name in the reader's language. */
export function localName(thing: { name_zh: string; name_en: string }): string {
  return language === "en" ? thing.name_en : thing.name_zh;
}
