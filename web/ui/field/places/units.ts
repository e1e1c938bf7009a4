// The grid's shapes on the phone, kept for when there is no network: those of the person's own units, and for who works
// in a grid those around it, since they may report what they come across there too.
import { useEffect, useState } from "preact/hooks";
import { fetchAndCache, readCached } from "../server/cached";
import { markOwn, unitAt, unitsFromGeoJson } from "./geo";
import { GRID_ROLES, REPORTING_ROLES, currentSession } from "../server/session";
import type { Me, Point, Unit } from "../types";

type Shapes = Parameters<typeof unitsFromGeoJson>[0];
/** How long what hardly ever changes is taken as it is, milliseconds. */
const MAX_AGE = 12 * 3_600_000;
const PARK = 1;
const COMMUNITY = 2;

const inFlight = new Map<string, Promise<unknown>>();

/** What the phone keeps, else what the server says; asked once by however many want it. */
async function readCachedOrFetch<T>(path: string): Promise<T | undefined> {
  const cached = await readCached<T>(path);
  if (cached && Date.now() - cached.at < MAX_AGE) return cached.value;
  const request = (inFlight.get(path) ?? fetchAndCache<T>(path).catch(() => cached?.value)) as Promise<T | undefined>;
  inFlight.set(path, request);
  return request.finally(() => inFlight.delete(path));
}

async function loadUnits(path: string): Promise<Unit[]> {
  const map = await readCachedOrFetch<Shapes>(path);
  return map ? unitsFromGeoJson(map) : [];
}

/** The shapes below a unit, and `around` it. A whole park is too much for a phone: of it only the community where the point lies. */
async function loadUnitsBelow(code: string, around: boolean, point: Point | null): Promise<Unit[]> {
  const unit = await readCachedOrFetch<{ level: number }>(`grids/${code}`);
  if (!unit) return [];
  if (unit.level > PARK) return loadUnits(`grids.geojson?${around ? "near" : "under"}=${code}`);
  const communities = await loadUnits(`grids.geojson?under=${code}&level=${COMMUNITY}`);
  const here = point && unitAt(point, communities);
  return here ? loadUnits(`grids.geojson?under=${here.code}`) : communities;
}

async function loadReportableUnits(me: Me, point: Point | null): Promise<Unit[]> {
  const roles = me.roles.filter(({ role, grid }) => grid && REPORTING_ROLES.has(role));
  const codes = new Set(roles.map(({ grid }) => grid!));
  const gridCodes = new Set(roles.filter(({ role }) => GRID_ROLES.has(role)).map(({ grid }) => grid!));
  const found = await Promise.all([...codes].map((code) => loadUnitsBelow(code, gridCodes.has(code), point)));
  return markOwn([...new Map(found.flat().map((unit) => [unit.code, unit])).values()], codes);
}

/** The units the person may report in, near the point where there are too many. Empty until they are known. */
export function useUnits(point: Point | null): Unit[] {
  const [units, setUnits] = useState<Unit[]>([]);
  useEffect(() => {
    let unmounted = false;
    const { me } = currentSession();
    if (me) void loadReportableUnits(me, point).then((found) => void (unmounted || setUnits(found)));
    return () => void (unmounted = true);
  }, [point?.lat, point?.lon]);
  return units;
}

/** Fetches what a report takes, before there is no network: categories and shapes. */
export async function prefetchEssentials(): Promise<void> {
  const { me } = currentSession();
  if (!me) return;
  await readCachedOrFetch("categories");
  await loadReportableUnits(me, null);
}
