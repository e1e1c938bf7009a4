// Map tiles under our shapes, if they are configured. If they do not load, they are removed and `onFailure` is called
// once; the map works without them.
import { tileLayer } from "leaflet";
import type { Map as LeafletMap } from "leaflet";

export interface Tiles {
  url: string;
  crs: "wgs84" | "gcj02";
  credit: string;
}

export function addTiles(map: LeafletMap, tiles: Tiles, onFailure: () => void): void {
  const layer = tileLayer(tiles.url, { attribution: "", maxZoom: 22, maxNativeZoom: 18, keepBuffer: 1, referrerPolicy: "no-referrer" });
  layer.once("tileerror", () => {
    layer.remove();
    map.getContainer().removeAttribute("data-tiles");
    onFailure();
  });
  layer.once("load", () => map.getContainer().setAttribute("data-tiles", "yes"));
  layer.addTo(map);
}
