// The shapes of grid units, cached on the phone: those of the person's own units and, for people who work in a grid,
// the neighbouring ones, where they may report as well.
import { useEffect, useState } from "preact/hooks";
import { fetchAndCache, readCached } from "../server/cached";
import { markOwn, unitAt, unitsFromGeoJson } from "./geo";
import { GRID_ROLES, REPORTING_ROLES, currentSession } from "../server/session";
import type { Me, Point, Unit } from "../types";

type Shapes = Parameters<typeof unitsFromGeoJson>[0];
/** How long cached shapes and categories, which rarely change, are used without asking the server, milliseconds. */
const MAX_AGE = 12 * 3_600_000;
const PARK = 1;
const COMMUNITY = 2;

const inFlight = new Map<string, Promise<unknown>>();

/** The cached answer if it is recent, else the server's; concurrent calls share one request. */
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

/** The units below a unit, or `around` it. A whole park is too much for a phone: only the community of the point is loaded. */
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

/** The units the person may report in; if there are too many, those near the point. Empty until they are loaded. */
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

/** Cache what a report needs without a network: categories and shapes. */
export async function prefetchEssentials(): Promise<void> {
  const { me } = currentSession();
  if (!me) return;
  await readCachedOrFetch("categories");
  await loadReportableUnits(me, null);
}
