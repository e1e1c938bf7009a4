// Selecting cases on the map by a line drawn around them. While it is active, the map cannot be dragged.
import { polygon, polyline } from "leaflet";
import type { LatLng, LeafletMouseEvent, Map as LeafletMap } from "leaflet";

/** The button switches the lasso on and off; `onRing` gets the line once it is closed. */
export function setUpLasso(map: LeafletMap, button: HTMLButtonElement, onRing: (ring: LatLng[]) => void): void {
  let ring: LatLng[] = [];
  const line = polyline([], { color: "#003cab", weight: 2, dashArray: "4 4", interactive: false });
  const shape = polygon([], { color: "#003cab", weight: 2, fillOpacity: 0.08, interactive: false });
  let drawing = false;
  const setActive = (on: boolean): void => {
    button.setAttribute("aria-pressed", String(on));
    map.getContainer().classList.toggle("catching", on);
    if (on) map.dragging.disable();
    else map.dragging.enable();
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    shape.remove();
    setActive(button.getAttribute("aria-pressed") !== "true");
  });
  const isActive = (): boolean => button.getAttribute("aria-pressed") === "true";
  map.on("mousedown", (event: LeafletMouseEvent) => {
    if (!isActive()) return;
    drawing = true;
    ring = [event.latlng];
    line.setLatLngs(ring).addTo(map);
  });
  map.on("mousemove", (event: LeafletMouseEvent) => {
    if (!drawing) return;
    ring.push(event.latlng);
    line.setLatLngs(ring);
  });
  map.on("mouseup", (event: LeafletMouseEvent) => {
    if (!drawing) return;
    drawing = false;
    // Move events are sparse when the pointer is fast, so the end point is added in any case.
    ring.push(event.latlng);
    line.remove();
    setActive(false);
    if (ring.length < 3) return;
    swallowClick();
    shape.setLatLngs(ring).addTo(map);
    onRing(ring);
  });
}

/** Suppress the click that the browser sends if the line ends on the unit where it began; it would select that unit. */
function swallowClick(): void {
  const stop = (event: Event): void => event.stopPropagation();
  window.addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", stop, { capture: true }));
}
