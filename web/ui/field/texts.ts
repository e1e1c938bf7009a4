// What the shell tells the scripts: the language, the English texts, the words for codes.

interface Words {
  [book: string]: Record<string, string>;
}

function told<T>(id: string, otherwise: T): T {
  const text = typeof document === "undefined" ? null : document.getElementById(id)?.textContent;
  return text ? (JSON.parse(text) as T) : otherwise;
}

const english = told<Record<string, string>>("texts", {});
const words = told<Words>("words", {});

/** `zh` or `en`. */
export const language = typeof document === "undefined" ? "zh" : (document.documentElement.dataset["language"] ?? "zh");

/** The text in the reader's language, with `%(name)s` filled in. */
export function t(message: string, params: Record<string, string | number> = {}): string {
  const text = english[message] ?? message;
  return text.replace(/%\((\w+)\)s/g, (_, name: string) => String(params[name] ?? ""));
}

/** What a code is called; an unknown code stands for itself. */
export function word(book: string, code: string | null | undefined): string {
  return words[book]?.[code ?? ""] ?? code ?? "";
}

/** Of two names the one in the reader's language. */
export function named(thing: { name_zh: string; name_en: string }): string {
  return language === "en" ? thing.name_en : thing.name_zh;
}
