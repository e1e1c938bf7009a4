// Names and numbers on the areas of the map, where they fit; the arrow to the north, and the scale.
import { Control, DomUtil, control, divIcon, layerGroup, marker } from "leaflet";
import type { LatLng, LatLngBounds, Map as LeafletMap, Path } from "leaflet";

/** The room that a label needs around its text, in pixels, and its height. */
const ROOM = 6;
const HEIGHT = 34;
/** More labels than this at once are not drawn: the page would become slow. */
const MOST = 150;

interface Drawn extends Path {
  getBounds(): LatLngBounds;
  getCenter(): LatLng;
}

/** What to write on an area: its name, the longest first, and its number; `none`: the number says nothing alone. */
export interface Lines {
  names: readonly string[];
  number: string;
  none: boolean;
}

export class AreaLabels {
  private readonly layer = layerGroup();

  constructor(
    private readonly map: LeafletMap,
    private readonly linesOf: (code: string) => Lines | undefined,
  ) {
    this.layer.addTo(map);
  }

  /** Write the labels of the areas in view that have room for one; an area too narrow for its name shows the number, unless it is 0. */
  draw(paths: ReadonlyMap<string, Path>): void {
    this.layer.clearLayers();
    const view = this.map.getBounds();
    let count = 0;
    for (const [code, path] of paths) {
      const area = path as Drawn;
      const lines = this.linesOf(code);
      if (!lines || !this.map.hasLayer(area) || !view.intersects(area.getBounds())) continue;
      const box = area.getBounds();
      const corner = this.map.latLngToContainerPoint(box.getNorthWest());
      const other = this.map.latLngToContainerPoint(box.getSouthEast());
      const [width, height] = [other.x - corner.x, other.y - corner.y];
      const fits = (text: string): boolean => textWidth(text) + ROOM <= width * 0.92;
      const name = height >= HEIGHT + ROOM ? lines.names.find(fits) : undefined;
      const number = !(lines.none && !name) && fits(lines.number) && height >= HEIGHT / 2;
      const shown = [...(name ? [name] : []), ...(number ? [lines.number] : [])];
      if (!shown.length || ++count > MOST) continue;
      const text = document.createElement("span");
      for (const line of shown) text.append(Object.assign(document.createElement("span"), { textContent: line }));
      this.layer.addLayer(marker(area.getCenter(), { icon: divIcon({ className: "area-label", html: text, iconSize: [0, 0] }), interactive: false, keyboard: false }));
    }
  }
}

function textWidth(text: string): number {
  return [...text].reduce((sum, char) => sum + (char > "\u2e7f" ? 13 : 7.5), 0);
}

/** Add the arrow to the north, with its letter, and a scale in metres. */
export function addMarks(map: LeafletMap, letter: string): void {
  control.scale({ imperial: false }).addTo(map);
  const north = new Control({ position: "topright" });
  north.onAdd = () => {
    const box = DomUtil.create("div", "north-mark");
    box.innerHTML = '<svg viewBox="0 0 16 22" aria-hidden="true"><polygon points="8,0 14,20 8,15 2,20"/></svg>';
    box.append(letter);
    return box;
  };
  north.addTo(map);
}
