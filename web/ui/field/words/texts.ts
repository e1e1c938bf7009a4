// Texts from the shell: the language, the English texts, the labels of codes.

interface Words {
  [book: string]: Record<string, string>;
}

function readJson<T>(id: string, fallback: T): T {
  const text = typeof document === "undefined" ? null : document.getElementById(id)?.textContent;
  return text ? (JSON.parse(text) as T) : fallback;
}

// A text; or its form for one, and its form for any other number (`n`).
type Forms = string | [string, string];
type Params = Record<string, string | number>;

const english = readJson<Record<string, Forms>>("texts", {});
const words = readJson<Words>("words", {});

/** `zh` or `en`. */
export const language = typeof document === "undefined" ? "zh" : (document.documentElement.dataset["language"] ?? "zh");

/** The text in the reader's language, with `%(name)s` filled in. */
export function t(message: string, params: Params = {}): string {
  return fill(english[message] ?? message, params);
}

/** The form of the text for the number `n`, with `%(name)s` filled in. */
export function fill(forms: Forms, params: Params): string {
  const text = typeof forms === "string" ? forms : forms[Number(params["n"]) === 1 ? 0 : 1];
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
