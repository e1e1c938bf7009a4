// Identifiers made by the phone, so that an item sent twice counts once.

/** A UUID of version 7, as on the server, so that ids made at the same time are close in its indexes. Also works on plain
 * HTTP pages. With a wrong clock the id is still unique, only at another position in the indexes. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let place = 5, left = Date.now(); place >= 0; place -= 1, left = Math.floor(left / 256)) bytes[place] = left % 256;
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
