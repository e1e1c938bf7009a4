// Photos over the whole screen, for the desk and the phone: arrow keys, zoom by wheel, keys, pinch or double tap, Esc.

export interface Photo {
  src: string;
  alt: string;
}

export interface ViewerWords {
  title: string;
  close: string;
  previous: string;
  next: string;
  larger: string;
  smaller: string;
}

const MOST = 8;
const STEP = 1.5;
const DOUBLE_TAP = 300;

interface Point {
  x: number;
  y: number;
}

/** Show the photos, beginning with the one at `index`. Closing gives the focus back to where it was. */
export function openViewer(photos: Photo[], index: number, words: ViewerWords): void {
  const dialog = document.createElement("dialog");
  dialog.className = "viewer";
  dialog.setAttribute("aria-label", words.title);
  const image = document.createElement("img");
  image.draggable = false;
  const line = document.createElement("p");
  line.className = "viewer-line";
  line.setAttribute("aria-live", "polite");
  let at = index;
  let scale = 1;
  let moved: Point = { x: 0, y: 0 };

  const draw = (): void => {
    image.style.transform = scale === 1 ? "" : `translate(${moved.x}px, ${moved.y}px) scale(${scale})`;
    dialog.classList.toggle("zoomed", scale > 1);
  };
  /** Zoom by `factor` so that the place under `centre` stays where it is. */
  const zoom = (factor: number, centre?: Point): void => {
    const before = scale;
    scale = Math.min(MOST, Math.max(1, scale * factor));
    const from = centre ? { x: centre.x - window.innerWidth / 2, y: centre.y - window.innerHeight / 2 } : { x: 0, y: 0 };
    const ratio = scale / before;
    moved = scale === 1 ? { x: 0, y: 0 } : { x: from.x - (from.x - moved.x) * ratio, y: from.y - (from.y - moved.y) * ratio };
    draw();
  };
  const go = (step: number): void => {
    at = (at + step + photos.length) % photos.length;
    const photo = photos[at]!;
    image.src = photo.src;
    image.alt = photo.alt;
    line.textContent = photos.length > 1 ? `${photo.alt} · ${at + 1}/${photos.length}` : photo.alt;
    zoom(1 / MOST);
  };

  const bar = document.createElement("div");
  bar.className = "viewer-bar";
  const button = (name: string, sign: string, act: () => void): void => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = sign;
    made.setAttribute("aria-label", name);
    made.title = name;
    made.addEventListener("click", act);
    bar.append(made);
  };
  if (photos.length > 1) {
    button(words.previous, "‹", () => go(-1));
    button(words.next, "›", () => go(1));
  }
  button(words.smaller, "−", () => zoom(1 / STEP));
  button(words.larger, "+", () => zoom(STEP));
  button(words.close, "✕", () => dialog.close());

  const keys: Record<string, () => void> = {
    ArrowLeft: () => go(-1),
    ArrowRight: () => go(1),
    "+": () => zoom(STEP),
    "=": () => zoom(STEP),
    "-": () => zoom(1 / STEP),
    "0": () => zoom(1 / MOST),
  };
  dialog.addEventListener("keydown", (event) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  dialog.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, { x: event.clientX, y: event.clientY });
  }, { passive: false });
  listenToPointers(image, zoom, () => scale, (by) => {
    moved = { x: moved.x + by.x, y: moved.y + by.y };
    draw();
  }, photos.length > 1 ? go : undefined);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.append(image, line, bar);
  document.body.append(dialog);
  go(0);
  dialog.showModal();
}

/** Dragging moves a zoomed photo and swipes to the next otherwise; two fingers zoom; a double tap zooms in and out. */
function listenToPointers(
  image: HTMLElement,
  zoom: (factor: number, centre?: Point) => void,
  scale: () => number,
  move: (by: Point) => void,
  swipe: ((step: number) => void) | undefined,
): void {
  const fingers = new Map<number, Point>();
  let lastTap = 0;
  let travelled = 0;
  const spread = (): number => {
    const [one, other] = [...fingers.values()];
    return one && other ? Math.hypot(one.x - other.x, one.y - other.y) : 0;
  };
  image.addEventListener("pointerdown", (event) => {
    image.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 1) travelled = 0;
  });
  image.addEventListener("pointermove", (event) => {
    const from = fingers.get(event.pointerId);
    if (!from) return;
    const before = spread();
    const to = { x: event.clientX, y: event.clientY };
    fingers.set(event.pointerId, to);
    if (fingers.size === 2 && before > 0) zoom(spread() / before, to);
    else if (scale() > 1) move({ x: to.x - from.x, y: to.y - from.y });
    if (fingers.size === 1) travelled += to.x - from.x;
    else travelled = 0;
  });
  const end = (event: PointerEvent): void => {
    if (!fingers.delete(event.pointerId) || fingers.size > 0) return;
    if (scale() === 1 && Math.abs(travelled) > 60) return swipe?.(travelled < 0 ? 1 : -1);
    if (event.type === "pointercancel" || Math.abs(travelled) > 10) return;
    const double = event.timeStamp - lastTap < DOUBLE_TAP;
    lastTap = double ? 0 : event.timeStamp;
    if (double) zoom(scale() > 1 ? 1 / MOST : 2.5, { x: event.clientX, y: event.clientY });
  };
  image.addEventListener("pointerup", end);
  image.addEventListener("pointercancel", end);
}
