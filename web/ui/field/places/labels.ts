// Names on the map of grids: only where they fit, and without overlaps.
import type { Unit } from "../types";

export interface Label {
  code: string;
  text: string;
  x: number;
  y: number;
}

/** A name may be wider than its unit by this factor. */
const OVERHANG = 1.25;

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/**
 * The labels and their positions, the smallest units first. `x` and `y` map degrees to the drawing, which reaches from
 * `-half` to `half` in both directions; `size` is the height of the letters in it.
 */
export function placeLabels(units: Unit[], x: (lon: number) => number, y: (lat: number) => number, half: number, size: number): Label[] {
  const names = new Map(units.map((unit) => [unit.code, unit.name]));
  const taken: Box[] = [];
  const shown: Label[] = [];
  for (const unit of [...units].sort((a, b) => b.level - a.level)) {
    const text = shortName(unit, names);
    const wide = textWidth(text) * size;
    const room = boundingBox(unit, x, y);
    if (wide > (room.right - room.left) * OVERHANG || size > room.bottom - room.top) continue;
    const at = { x: (room.left + room.right) / 2, y: (room.top + room.bottom) / 2 };
    const box = { left: at.x - wide / 2, right: at.x + wide / 2, top: at.y - size, bottom: at.y + size / 4 };
    if (box.right > half || box.left < -half || box.bottom > half || box.top < -half) continue;
    if (taken.some((other) => box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom)) continue;
    taken.push(box);
    shown.push({ code: unit.code, text, ...at });
  }
  return shown;
}

/** The name without the name of the parent unit, which a micro-grid's name often begins with. */
function shortName(unit: Unit, names: Map<string, string>): string {
  const above = names.get(unit.parent ?? "");
  return above && unit.name.startsWith(above) ? unit.name.slice(above.length) || unit.name : unit.name;
}

/** The width in letter heights: a Chinese character is as wide as high, any other about 0.6 of that. */
function textWidth(text: string): number {
  return [...text].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 1 : 0.6), 0);
}

function boundingBox(unit: Unit, x: (lon: number) => number, y: (lat: number) => number): Box {
  const outline = unit.polygons.map(([ring]) => ring!).reduce((most, ring) => (ring.length > most.length ? ring : most));
  const across = outline.map(([lon]) => x(lon!));
  const down = outline.map(([, lat]) => y(lat!));
  return { left: Math.min(...across), right: Math.max(...across), top: Math.min(...down), bottom: Math.max(...down) };
}
