// Points and the shapes of grid units: pure arithmetic. WGS 84, degrees; lengths in metres.
import type { Point, Unit } from "../types";

const EARTH = 6_371_000;
const RADIAN = Math.PI / 180;
/** Degrees, about a centimetre: a point nearer to a border counts as on it, as on the server. */
const BORDER_TOLERANCE = 1e-7;

type Ring = number[][];

/** Whether the point lies within the ring or on its border. */
export function inRing({ lon, lat }: Point, ring: Ring): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [x1, y1] = ring[i] as [number, number];
    const [x2, y2] = ring[j] as [number, number];
    if (isOnSegment(lon, lat, x1, y1, x2, y2)) return true;
    if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}

function isOnSegment(x: number, y: number, x1: number, y1: number, x2: number, y2: number): boolean {
  const squaredLength = (x2 - x1) ** 2 + (y2 - y1) ** 2;
  const share = squaredLength ? Math.max(0, Math.min(1, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / squaredLength)) : 0;
  return Math.hypot(x - x1 - share * (x2 - x1), y - y1 - share * (y2 - y1)) < BORDER_TOLERANCE;
}

/** Whether the point lies within the unit: in an outline and in none of its holes. */
export function inUnit(point: Point, unit: Unit): boolean {
  return unit.polygons.some(([outline, ...holes]) => inRing(point, outline!) && !holes.some((hole) => inRing(point, hole)));
}

/** The smallest unit that contains the point; of several, the one with the lowest code. */
export function unitAt(point: Point, units: Unit[]): Unit | null {
  let found: Unit | null = null;
  for (const unit of units) {
    const better = !found || unit.level > found.level || (unit.level === found.level && unit.code < found.code);
    if (better && inUnit(point, unit)) found = unit;
  }
  return found;
}

/** The distance in metres. */
export function distance(one: Point, other: Point): number {
  const x = (other.lon - one.lon) * RADIAN * Math.cos(((one.lat + other.lat) / 2) * RADIAN);
  return Math.hypot(x, (other.lat - one.lat) * RADIAN) * EARTH;
}

/** The direction, degrees clockwise from north. */
export function bearing(from: Point, to: Point): number {
  const x = (to.lon - from.lon) * Math.cos(((from.lat + to.lat) / 2) * RADIAN);
  return (Math.atan2(x, to.lat - from.lat) / RADIAN + 360) % 360;
}

interface Feature {
  properties: { code: string; name: string; level: number; parent: string | null };
  geometry: { type: string; coordinates: unknown };
}

/** The units of a GeoJSON FeatureCollection that are areas. */
export function unitsFromGeoJson(map: { features: Feature[] }): Unit[] {
  return map.features.flatMap(({ properties: { code, name, level, parent }, geometry }) => {
    const { type, coordinates } = geometry;
    if (type !== "Polygon" && type !== "MultiPolygon") return [];
    const polygons = (type === "Polygon" ? [coordinates] : coordinates) as number[][][][];
    return [{ code, name, level, parent, polygons, own: true }];
  });
}

/** The units, each marked whether it lies within one of the `held` ones. Parents that are not in the list count as outside. */
export function markOwn(units: Unit[], held: Iterable<string>): Unit[] {
  const roots = new Set(held);
  const parents = new Map(units.map(({ code, parent }) => [code, parent]));
  const within = (code: string | null | undefined): boolean => Boolean(code) && (roots.has(code!) || within(parents.get(code!)));
  return units.map((unit) => ({ ...unit, own: within(unit.code) }));
}
