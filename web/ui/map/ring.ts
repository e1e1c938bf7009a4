// A closed line around places.

/** Whether the place lies within the ring. Its last point connects to the first. */
export function isWithin(lat: number, lng: number, ring: readonly { lat: number; lng: number }[]): boolean {
  let inside = false;
  ring.forEach((one, at) => {
    const other = ring[(at + ring.length - 1) % ring.length];
    if (!other || one.lat > lat === other.lat > lat) return;
    if (lng < ((other.lng - one.lng) * (lat - one.lat)) / (other.lat - one.lat) + one.lng) inside = !inside;
  });
  return inside;
}
