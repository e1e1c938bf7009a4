// Chinese names by the first letters of their pinyin: 消防通道 is xftd. There is no table: the browser's own pinyin order
// gives the letter, by comparison with the first character of each letter.

const LETTERS = "abcdefghjklmnopqrstwxyz";
/** The first character of each letter in pinyin order. */
const FIRST_CHARACTERS = "阿八嚓咑妸发旮哈丌咔垃妈拏噢妑七呥扨它穵夕丫帀";

let collator: Intl.Collator | null | undefined;

function pinyinCollator(): Intl.Collator | null {
  if (collator !== undefined) return collator;
  const candidate = new Intl.Collator("zh-u-co-pinyin");
  // Some systems do not know pinyin and order by code point: then only the text itself is matched.
  collator = candidate.compare("八", "阿") > 0 ? candidate : null;
  return collator;
}

/** The first letter of a character's pinyin; any other character in lower case. */
export function initial(character: string): string {
  if (!/[㐀-鿿]/.test(character)) return character.toLowerCase();
  const order = pinyinCollator();
  if (!order) return character;
  for (let i = FIRST_CHARACTERS.length - 1; i >= 0; i--) if (order.compare(character, FIRST_CHARACTERS[i]!) >= 0) return LETTERS[i]!;
  return character;
}

/** The first letters of a whole name. */
export function initials(name: string): string {
  return [...name].map(initial).join("");
}

/** Whether the name contains the typed text, as it is or by first letters. */
export function matches(name: string, typed: string): boolean {
  const query = typed.trim().toLowerCase();
  return !query || name.toLowerCase().includes(query) || (/^[a-z]+$/.test(query) && initials(name).includes(query));
}
