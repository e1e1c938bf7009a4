// Telephone numbers as people write them. The server brings them into one form; here only what is no number is found.

const MARKS = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const LABEL = /^(tel|电话|手机)\s*:?\s*/i;
const EXTENSION = /\s*(转|轉|分机|分機|内线|ext(ension)?\.?|x|#)\s*:?\s*(?=\d)/i;
const BETWEEN = /\s*(?:[/|、,;]|或)\s*/;
const DIVIDERS = /[\s().[\]\u2010-\u2015\u2212-]/g;

/** Whether the text is a number, or up to three of them. */
export function isPhone(text: string): boolean {
  const numbers = text.normalize("NFKC").replace(MARKS, "").trim().split(BETWEEN).filter(Boolean);
  return numbers.length > 0 && numbers.length <= 3 && numbers.every(isNumber);
}

function isNumber(text: string): boolean {
  const [main = "", extension] = text.replace(LABEL, "").replace(EXTENSION, "转").split("转", 2).map((part) => part.replace(DIVIDERS, ""));
  return /^\+?\d{5,15}$/.test(main) && (extension === undefined || /^\d{1,8}$/.test(extension));
}
