// The public report form with scripts: the own position or a point on the map instead of choosing the community. Without
// scripts the form is complete, and neither is shown.

const form = document.querySelector<HTMLFormElement>("form[data-report]");

/** The edges of a map in degrees, and the size of what is drawn within its margin. */
function frameOf(map: SVGSVGElement): Record<"west" | "south" | "east" | "north" | "edge" | "wide" | "tall", number> {
  const [west, south, east, north] = map.dataset.box!.split(",").map(Number) as [number, number, number, number];
  const edge = Number(map.dataset.edge);
  const { width, height } = map.viewBox.baseVal;
  return { west, south, east, north, edge, wide: width - 2 * edge, tall: height - 2 * edge };
}

function setUp(form: HTMLFormElement): void {
  const field = (name: string): HTMLInputElement => form.querySelector<HTMLInputElement>(`[name="${name}"]`)!;
  const lat = field("lat");
  const lon = field("lon");
  const unit = form.querySelector<HTMLSelectElement>("[name=grid]")!;
  const spot = form.querySelector<HTMLElement>("[data-spot]")!;
  const words = spot.dataset;
  const maps = [...form.querySelectorAll<SVGSVGElement>(".picker")];

  /** Take a place in degrees; null takes it back. */
  function take(place: { lat: number; lon: number } | null, said: string): void {
    lat.value = place ? place.lat.toFixed(6) : "";
    lon.value = place ? place.lon.toFixed(6) : "";
    unit.required = !place;
    if (place) unit.value = "";
    spot.textContent = said;
    draw(place);
  }

  function draw(place: { lat: number; lon: number } | null): void {
    for (const map of maps) {
      const pin = map.querySelector<SVGPathElement>(".spot-pin")!;
      const { west, south, east, north, edge, wide, tall } = frameOf(map);
      const inside = place && place.lon >= west && place.lon <= east && place.lat >= south && place.lat <= north;
      pin.toggleAttribute("hidden", !inside);
      if (!inside) continue;
      const x = edge + ((place.lon - west) / (east - west)) * wide;
      const y = edge + ((north - place.lat) / (north - south)) * tall;
      pin.setAttribute("d", `M${x.toFixed(1)},${y.toFixed(1)}l-9,-20a11,11 0 1 1 18,0z`);
    }
  }

  function locate(): void {
    spot.textContent = words.waiting!;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => take({ lat: coords.latitude, lon: coords.longitude }, words.found!.replace("{n}", String(Math.round(coords.accuracy)))),
      () => take(null, words.failed!),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    );
  }

  function point(map: SVGSVGElement, event: MouseEvent): void {
    if (!(event.target instanceof Element) || !event.target.closest("[data-unit]")) return;
    const shown = map.getBoundingClientRect();
    const { west, south, east, north, edge, wide, tall } = frameOf(map);
    const x = ((event.clientX - shown.left) / shown.width) * (wide + 2 * edge) - edge;
    const y = ((event.clientY - shown.top) / shown.height) * (tall + 2 * edge) - edge;
    take({ lat: north - (y / tall) * (north - south), lon: west + (x / wide) * (east - west) }, words.pointed!);
  }

  for (const part of form.querySelectorAll<HTMLElement>("[data-scripted]")) part.hidden = false;
  const button = form.querySelector<HTMLButtonElement>("[data-locate]");
  if (button && "geolocation" in navigator) button.addEventListener("click", locate);
  else button?.remove();
  for (const map of maps) map.addEventListener("click", (event) => point(map, event));
  unit.addEventListener("change", () => unit.value && take(null, ""));
  if (lat.value && lon.value) take({ lat: Number(lat.value), lon: Number(lon.value) }, words.pointed!);
}

if (form) setUp(form);
export {};
