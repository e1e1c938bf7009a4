// Telephone numbers and mail addresses as people write them. The server brings them into one form; here only what it would
// refuse is found, before a report waits for it.

const MARKS = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const LABEL = /^(tel|电话|手机)\s*:?\s*/i;
const EXTENSION = /\s*(转|轉|分机|分機|内线|ext(ension)?\.?|x|#)\s*:?\s*(?=\d)/i;
const BETWEEN = /\s*(?:[/|、,;]|或)\s*/;
const DIVIDERS = /[\s().[\]\u2010-\u2015\u2212-]/g;

/** The numbers in the text, each with its extension. */
function numbersIn(text: string): string[][] {
  const numbers = text.normalize("NFKC").replace(MARKS, "").trim().split(BETWEEN).filter(Boolean);
  return numbers.map((number) => number.replace(LABEL, "").replace(EXTENSION, "转").split("转", 2).map((part) => part.replace(DIVIDERS, "")));
}

/** Whether the text is a number, or up to three of them. */
export function isPhone(text: string): boolean {
  const numbers = numbersIn(text);
  return numbers.length > 0 && numbers.length <= 3 && numbers.every(([main = "", extension]) => /^\+?\d{5,15}$/.test(main) && (extension === undefined || /^\d{1,8}$/.test(extension)));
}

/** Whether one of the numbers takes SMS: a mobile number of mainland China. */
export function takesSms(text: string): boolean {
  return numbersIn(text).some(([main = "", extension]) => extension === undefined && /^(\+86|0086|86)?1[3-9]\d{9}$/.test(main));
}

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL_OF_HOST = "[\\p{L}\\p{N}]([\\p{L}\\p{N}_-]{0,61}[\\p{L}\\p{N}])?";
const MAIL = new RegExp(`^${ATOM}(\\.${ATOM})*@${LABEL_OF_HOST}(\\.${LABEL_OF_HOST})+$`, "u");

/** Whether the text is an address that mail servers take. */
export function isMail(text: string): boolean {
  const address = text.trim();
  return address.length <= 254 && MAIL.test(address);
}
