// The map: units filled by a measure, a list for the selected one, and points of cases if they are few. It draws our own
// shapes and loads nothing from other sites, unless map tiles are configured. The table below has the same content for
// the keyboard.
import { CRS, circleMarker, geoJSON, latLng, latLngBounds, layerGroup, map as makeMap, tooltip } from "leaflet";
import type { GeoJSON, LatLng, LatLngBounds, Layer, Map as LeafletMap, Path } from "leaflet";
import { PartLoader } from "../desk/part";
import { AreaLabels, addMarks, type Lines } from "./labels";
import { fromGcj, toGcj, type Place } from "./gcj";
import { setUpLasso } from "./lasso";
import { drawPicture, save } from "./picture";
import { isWithin } from "./ring";
import { addTiles, type Tiles } from "./tiles";

interface Unit {
  code: string;
  name: string;
  /** Its name for a label, and the shortest form of it. */
  names: [string, string];
  open: number;
  overdue: number;
  share: number | null;
  density: number | null;
}
interface MapData {
  shapes: string;
  counts: string;
  points: string;
  inside: string;
  list: string;
  measure: "overdue" | "open" | "share" | "density";
  units: Unit[];
  own: boolean;
  tiles: Tiles | null;
  said: string[];
  words: { north: string; open: string; overdue: string; many: string; none: string; bare: string; failed: string };
}
interface Point {
  case_no: string;
  title: string;
  lat: number;
  lon: number;
  light: "red" | "yellow" | "green" | "grey";
}
interface Points {
  total: number;
  items: Point[];
}

const SHADES = ["#e9ecf2", "#f7cdc7", "#e9948a", "#cf5548", "#9c1c12"];
const REFRESH_INTERVAL = 30_000;
const LIGHTS = { red: "#b42318", yellow: "#b97a00", green: "#1b6e2d", grey: "#555d6e" };
const SIGNS = { red: "●", yellow: "▲", green: "■", grey: "‖" };

async function fetchJson<T>(place: string): Promise<T> {
  const answer = await fetch(place, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${place}: ${answer.status}`);
  return (await answer.json()) as T;
}

function shade(value: number | null, most: number): number {
  if (!value || !most) return 0;
  return Math.min(SHADES.length - 1, 1 + Math.floor((value / most) * (SHADES.length - 1) - 1e-9));
}

function codeOf(layer: Layer): string {
  return String((layer as Layer & { feature: GeoJSON.Feature }).feature.id);
}

class UnitMap {
  private readonly toDrawn: (place: Place) => Place;
  private readonly toWgs84: (place: Place) => Place;
  private units: Map<string, Unit>;
  private shapes: GeoJSON | undefined;
  private readonly paths = new Map<string, Path>();
  private readonly points = layerGroup();
  private readonly statusLine = document.getElementById("map-said");
  private readonly listLoader = new PartLoader();
  private readonly labels: AreaLabels;
  private chosen = "";

  constructor(
    private readonly map: LeafletMap,
    private readonly data: MapData,
  ) {
    this.units = new Map(data.units.map((unit) => [unit.code, unit]));
    // Places are WGS-84; they are shifted for drawing only, and only over GCJ-02 tiles.
    const moved = data.tiles?.crs === "gcj02";
    this.toDrawn = moved ? toGcj : (place) => place;
    this.toWgs84 = moved ? fromGcj : (place) => place;
    this.labels = new AreaLabels(map, (code) => this.linesOf(code));
    this.points.addTo(map);
    addMarks(map, data.words.north);
  }

  async open(): Promise<void> {
    const features = await fetchJson<GeoJSON.FeatureCollection>(this.data.shapes);
    if (this.data.tiles) addTiles(this.map, this.data.tiles, () => this.showMessage(this.data.words.bare));
    this.shapes = geoJSON(features, {
      coordsToLatLng: ([lng = 0, lat = 0]) => latLng(...this.toDrawn([lat, lng])),
      onEachFeature: (feature, layer) => this.paths.set(String(feature.id), layer as Path),
    });
    this.shapes.bindTooltip((layer) => this.tooltipFor(codeOf(layer)), { sticky: true });
    this.shapes.on("click", (event) => this.choose(codeOf(event.propagatedFrom)));
    this.paint();
    // The view is set before the shapes are added, so that they are laid out only once.
    if (!this.restoreView()) this.map.fitBounds(this.shapes.getBounds(), { animate: false, padding: [8, 8] });
    this.shapes.addTo(this.map);
    this.labels.draw(this.paths);
    this.map.on("moveend", () => {
      this.storeView();
      this.labels.draw(this.paths);
    });
    this.map.on("resize", () => this.labels.draw(this.paths));
    if (this.data.own) await this.showPoints(this.data.points);
    document.getElementById("map")?.setAttribute("data-ready", "yes");
    window.setInterval(() => {
      if (!document.hidden) this.attempt(() => this.refresh());
    }, REFRESH_INTERVAL);
  }

  private tooltipFor(code: string): HTMLElement {
    const unit = this.units.get(code);
    const place = document.createElement("span");
    const { words } = this.data;
    if (unit) place.textContent = `${unit.name} · ${words.open} ${unit.open} · ${words.overdue} ${unit.overdue}`;
    return place;
  }

  private value(unit: Unit | undefined): number | null {
    return unit ? unit[this.data.measure] : null;
  }

  /** The label of a unit: its name in two lengths, and its measure. */
  private linesOf(code: string): Lines | undefined {
    const unit = this.units.get(code);
    const value = this.value(unit);
    return unit && { names: unit.names, number: value === null ? "—" : this.formatAmount(value), none: !value };
  }

  private paint(): void {
    const most = Math.max(0, ...[...this.units.values()].map((unit) => this.value(unit) ?? 0));
    for (const [code, path] of this.paths) {
      const own = code === this.chosen;
      path.setStyle({
        fillColor: SHADES[shade(this.value(this.units.get(code)), most)] ?? "#fff",
        fillOpacity: this.map.getContainer().hasAttribute("data-tiles") ? 0.6 : 0.85,
        color: own ? "#003cab" : "#5b6475",
        weight: own ? 3 : 1,
      });
      if (own && this.map.hasLayer(path)) path.bringToFront();
    }
    this.drawLegend(most);
  }

  private drawLegend(most: number): void {
    const place = document.getElementById("legend");
    if (!place) return;
    let last = "";
    const keys = SHADES.flatMap((fill, at) => {
      const textElement = at === 0 ? "0" : `≤ ${this.formatAmount((most * at) / (SHADES.length - 1))}`;
      // If two bounds read alike, no value lies between them, and the shade is not used.
      if (at > 0 && (!most || textElement === last || textElement === "≤ 0")) return [];
      last = textElement;
      const key = document.createElement("span");
      key.innerHTML = '<svg class="shade-key" viewBox="0 0 16 16" aria-hidden="true"><rect width="16" height="16"/></svg>';
      key.querySelector("rect")?.setAttribute("fill", fill);
      key.append(textElement);
      return [key];
    });
    place.replaceChildren(...keys);
  }

  private formatAmount(value: number): string {
    if (this.data.measure === "share") return `${(value * 100).toFixed(0)} %`;
    return this.data.measure === "density" ? value.toFixed(1) : String(Math.floor(value));
  }

  /** Run `work`; if it fails, show a message and log the error. The map stays as it is. */
  attempt(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      console.error(error);
      this.showMessage(this.data.words.failed);
    });
  }

  /** Select the unit, and list and show its cases. */
  choose(code: string): void {
    this.chosen = code;
    this.paint();
    this.attempt(async () => {
      const showList = await this.listLoader.fetch(this.data.list + encodeURIComponent(code));
      const side = document.getElementById("side");
      if (showList === null || !side) return; // another unit was selected in the meantime
      side.innerHTML = showList;
      await this.showPoints(this.data.inside + encodeURIComponent(code));
    });
  }

  /** Show and list the cases in the box; with a ring, only those within it. */
  async showBox(box: LatLngBounds, ring?: readonly LatLng[]): Promise<void> {
    const [south, west] = this.toWgs84([box.getSouth(), box.getWest()]);
    const [north, east] = this.toWgs84([box.getNorth(), box.getEast()]);
    const corners = [west, south, east, north].map((n) => n.toFixed(5)).join(",");
    const join = this.data.points.includes("?") ? "&" : "?";
    await this.showPoints(`${this.data.points}${join}box=${corners}`, true, ring);
  }

  private showMessage(words: string): void {
    if (this.statusLine) this.statusLine.textContent = words;
  }

  private async showPoints(place: string, listed = false, ring?: readonly LatLng[]): Promise<void> {
    let found = await fetchJson<Points>(place);
    const many = found.total > found.items.length;
    if (ring && !many) {
      const items = found.items.filter((point) => isWithin(...this.toDrawn([point.lat, point.lon]), ring));
      found = { total: items.length, items };
    }
    this.points.clearLayers();
    this.showMessage(many ? `${this.data.words.many} (${found.total})` : found.total ? "" : this.data.words.none);
    for (const point of found.items) {
      const marker = circleMarker([...this.toDrawn([point.lat, point.lon])], { radius: 6, weight: 2, color: "#fff", fillColor: LIGHTS[point.light], fillOpacity: 1 });
      marker.bindTooltip(tooltip({ direction: "top" }).setContent(this.text(`${SIGNS[point.light]} ${point.title} · ${point.case_no}`)));
      marker.on("click", () => location.assign(`/cases/${point.case_no}`));
      this.points.addLayer(marker);
    }
    if (listed) this.list(found);
  }

  private list(found: Points): void {
    const side = document.getElementById("side");
    if (!side) return;
    const card = document.createElement("section");
    card.className = "card";
    const list = document.createElement("ul");
    list.className = "plain stack-s";
    for (const point of found.items) {
      const line = document.createElement("li");
      const link = document.createElement("a");
      link.href = `/cases/${point.case_no}`;
      link.textContent = `${SIGNS[point.light]} ${point.title} · ${point.case_no}`;
      line.append(link);
      list.append(line);
    }
    const head = document.createElement("h2");
    head.textContent = `${this.data.words.open} ${found.total}`;
    card.append(head, list);
    side.replaceChildren(card);
  }

  private text(words: string): HTMLElement {
    const place = document.createElement("span");
    place.textContent = words;
    return place;
  }

  private async refresh(): Promise<void> {
    const found = await fetchJson<{ units: Unit[] }>(this.data.counts);
    this.units = new Map(found.units.map((unit) => [unit.code, unit]));
    this.paint();
    this.labels.draw(this.paths);
  }

  /** Store the view in the address, so that a link shows the same. */
  private storeView(): void {
    const centre = this.map.getCenter();
    const [lat, lng] = this.toWgs84([centre.lat, centre.lng]);
    history.replaceState(history.state, "", `#${this.map.getZoom().toFixed(2)}/${lat.toFixed(5)}/${lng.toFixed(5)}`);
  }

  private restoreView(): boolean {
    const [zoom, lat, lng] = location.hash.slice(1).split("/").map(Number);
    if (zoom === undefined || lat === undefined || lng === undefined || [zoom, lat, lng].some(Number.isNaN)) return false;
    this.map.setView([...this.toDrawn([lat, lng])], zoom, { animate: false });
    return true;
  }

  /** The view with its legend as a picture. */
  picture(): HTMLCanvasElement {
    return drawPicture(this.map.getContainer(), document.getElementById("legend"), this.data.said);
  }

  /** Move the view to the unit, and select it. */
  focusUnit(code: string): void {
    const path = this.paths.get(code);
    if (path && "getBounds" in path) this.map.fitBounds((path.getBounds as () => LatLngBounds)(), { animate: false, padding: [40, 40], maxZoom: 17 });
    this.choose(code);
  }
}

/** Arrow keys move through the rows of the table; only one row is in the tab order. */
function setUpTable(unitMap: UnitMap): void {
  const table = document.getElementById("map-table");
  const links = [...(table?.querySelectorAll<HTMLAnchorElement>("[data-row]") ?? [])];
  let first = links[0];
  for (const link of links.slice(1)) link.tabIndex = -1;
  const rowOf = (event: Event): HTMLAnchorElement | null => (event.target as Element).closest<HTMLAnchorElement>("[data-row]");
  table?.addEventListener("focusin", (event) => {
    const link = rowOf(event);
    if (!link) return;
    if (first) first.tabIndex = -1;
    link.tabIndex = 0;
    first = link;
  });
  table?.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const link = rowOf(event);
    if (step === undefined || !link) return;
    event.preventDefault();
    links[links.indexOf(link) + step]?.focus();
  });
  table?.addEventListener("click", (event) => {
    const code = rowOf(event)?.closest<HTMLElement>("[data-unit]")?.dataset["unit"];
    if (!code || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    unitMap.choose(code);
  });
}

/** Print the view as a picture: a map laid out again for paper would show another view. */
function setUpPrint(park: UnitMap): void {
  const printImage = document.getElementById("map-print") as HTMLImageElement | null;
  const prepare = async (): Promise<void> => {
    if (!printImage) return;
    printImage.src = park.picture().toDataURL("image/png");
    await printImage.decode();
  };
  window.addEventListener("beforeprint", () => void prepare());
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", (event) => {
      event.stopPropagation(); // the default print handler would not wait for the picture
      void prepare().then(() => window.print());
    });
  }
  const saveButton = document.getElementById("map-picture");
  if (!saveButton) return;
  saveButton.hidden = false;
  saveButton.addEventListener("click", () => save(park.picture(), saveButton.dataset["name"] ?? "map.png"));
}

/** A typed name filters the table; Enter selects the first unit in it. */
function setUpSearch(park: UnitMap): void {
  const field = document.getElementById("map-find") as HTMLInputElement | null;
  if (!field) return;
  const rows = [...document.querySelectorAll<HTMLElement>("#map-table [data-unit]")];
  const matchingRows = (): HTMLElement[] => {
    const words = field.value.trim().toLowerCase();
    return rows.filter((row) => `${row.dataset["unit"]} ${row.querySelector("th")?.textContent}`.toLowerCase().includes(words));
  };
  field.addEventListener("input", () => {
    const shown = new Set(matchingRows());
    for (const row of rows) row.hidden = !shown.has(row);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const code = matchingRows()[0]?.dataset["unit"];
    if (code) park.focusUnit(code);
  });
}

const place = document.getElementById("map");
const block = document.getElementById("map-data");
if (place && block?.textContent) {
  const data = JSON.parse(block.textContent) as MapData;
  const map = makeMap(place, {
    crs: CRS.EPSG3857,
    attributionControl: false,
    zoomSnap: 0.25,
    preferCanvas: true,
    keyboard: true,
    zoomAnimation: false,
    fadeAnimation: false,
    markerZoomAnimation: false,
    boxZoom: false,
  });
  // The list beside the map changes its size.
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(place);
  const park = new UnitMap(map, data);
  setUpTable(park);
  setUpPrint(park);
  setUpSearch(park);
  const lasso = document.getElementById("lasso") as HTMLButtonElement | null;
  if (lasso) setUpLasso(map, lasso, (ring) => park.attempt(() => park.showBox(latLngBounds(ring), ring)));
  // Shift and drag draws a box, whose cases are listed.
  let from: { lat: number; lng: number } | undefined;
  map.on("mousedown", (event) => {
    if (!event.originalEvent.shiftKey) return;
    from = event.latlng;
    map.dragging.disable();
  });
  map.on("mouseup", (event) => {
    if (!from) return;
    map.dragging.enable();
    const box = latLngBounds(from, event.latlng);
    from = undefined;
    park.attempt(() => park.showBox(box));
  });
  park.attempt(() => park.open());
}
