// The grid's shapes on the phone, kept for when there is no network: those of the person's own units, and for who works
// in a grid those around it, since they may report what they come across there too.
import { useEffect, useState } from "preact/hooks";
import { fetched, last } from "./cached";
import { owned, unitAt, unitsIn } from "./geo";
import { LOW, REPORTING, who } from "./session";
import type { Me, Point, Unit } from "./types";

type Shapes = Parameters<typeof unitsIn>[0];
/** How long what hardly ever changes is taken as it is, milliseconds. */
const FRESH = 12 * 3_600_000;
const PARK = 1;
const COMMUNITY = 2;

const asked = new Map<string, Promise<unknown>>();

/** What the phone keeps, else what the server says; asked once by however many want it. */
async function read<T>(path: string): Promise<T | undefined> {
  const kept = await last<T>(path);
  if (kept && Date.now() - kept.at < FRESH) return kept.value;
  const asking = (asked.get(path) ?? fetched<T>(path).catch(() => kept?.value)) as Promise<T | undefined>;
  asked.set(path, asking);
  return asking.finally(() => asked.delete(path));
}

async function shapes(path: string): Promise<Unit[]> {
  const known = await read<Shapes>(path);
  return known ? unitsIn(known) : [];
}

/** The shapes below a unit, and `around` it. A whole park is too much for a phone: of it only the community where the point lies. */
async function below(code: string, around: boolean, point: Point | null): Promise<Unit[]> {
  const unit = await read<{ level: number }>(`grids/${code}`);
  if (!unit) return [];
  if (unit.level > PARK) return shapes(`grids.geojson?${around ? "near" : "under"}=${code}`);
  const communities = await shapes(`grids.geojson?under=${code}&level=${COMMUNITY}`);
  const here = point && unitAt(point, communities);
  return here ? shapes(`grids.geojson?under=${here.code}`) : communities;
}

async function unitsOf(me: Me, point: Point | null): Promise<Unit[]> {
  const roles = me.roles.filter(({ role, grid }) => grid && REPORTING.has(role));
  const codes = new Set(roles.map(({ grid }) => grid!));
  const low = new Set(roles.filter(({ role }) => LOW.has(role)).map(({ grid }) => grid!));
  const found = await Promise.all([...codes].map((code) => below(code, low.has(code), point)));
  return owned([...new Map(found.flat().map((unit) => [unit.code, unit])).values()], codes);
}

/** The units the person may report in, near the point where there are too many. Empty until they are known. */
export function useUnits(point: Point | null): Unit[] {
  const [units, setUnits] = useState<Unit[]>([]);
  useEffect(() => {
    let gone = false;
    const { me } = who();
    if (me) void unitsOf(me, point).then((found) => void (gone || setUnits(found)));
    return () => void (gone = true);
  }, [point?.lat, point?.lon]);
  return units;
}

/** Fetches what a report takes, before there is no network: categories and shapes. */
export async function keepEssentials(): Promise<void> {
  const { me } = who();
  if (!me) return;
  await read("categories");
  await unitsOf(me, null);
}
