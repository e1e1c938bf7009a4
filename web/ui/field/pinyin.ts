// Chinese names by the first letters of their pinyin: 消防通道 is xftd. No table: the browser's own order by pinyin
// tells between which letters' first characters one falls.

const LETTERS = "abcdefghjklmnopqrstwxyz";
/** The first character of each letter, in the order by pinyin. */
const FIRSTS = "阿八嚓咑妸发旮哈丌咔垃妈拏噢妑七呥扨它穵夕丫帀";

let collator: Intl.Collator | null | undefined;

function ordered(): Intl.Collator | null {
  if (collator !== undefined) return collator;
  const made = new Intl.Collator("zh-u-co-pinyin");
  // Some systems know no pinyin and order by code point: then only whole text is found.
  collator = made.compare("八", "阿") > 0 ? made : null;
  return collator;
}

/** The first letter of a character's pinyin; itself in small when it is no Chinese one. */
export function initial(character: string): string {
  if (!/[㐀-鿿]/.test(character)) return character.toLowerCase();
  const order = ordered();
  if (!order) return character;
  for (let i = FIRSTS.length - 1; i >= 0; i--) if (order.compare(character, FIRSTS[i]!) >= 0) return LETTERS[i]!;
  return character;
}

/** The first letters of a whole name. */
export function initials(name: string): string {
  return [...name].map(initial).join("");
}

/** Whether the name holds what was typed, as it is or by its first letters. */
export function matches(name: string, typed: string): boolean {
  const wanted = typed.trim().toLowerCase();
  return !wanted || name.toLowerCase().includes(wanted) || (/^[a-z]+$/.test(wanted) && initials(name).includes(wanted));
}
