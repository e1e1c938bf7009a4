// Identifiers that the phone makes, so that what is sent twice counts once.

/** A UUID that also plain HTTP pages can make: of version 7, as the server's own, so that what was made together lies
 * together in its indexes. A phone whose clock is wrong makes one that is as good, only elsewhere. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let place = 5, left = Date.now(); place >= 0; place -= 1, left = Math.floor(left / 256)) bytes[place] = left % 256;
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
