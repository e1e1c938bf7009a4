// Selecting a range of days by dragging over a chart of days or weeks. ECharts' own brush selects whole spans only, shows
// no dates while dragging, and is three kilobytes; here a part of a week selects that many of its days.

type Span = [first: string, last: string];
const DAY = 86_400_000;
/** Minimum drag in pixels: less is a click. */
const MIN_DRAG = 6;

const dayStart = (day: string): number => Date.parse(`${day}T00:00Z`);
const isoDay = (moment: number): string => new Date(moment).toISOString().slice(0, 10);

/** The day at `x` pixels from the left. `centre`: the position of the nth span's point. Days are UTC midnights. */
export function dayAt(x: number, spans: Span[], centre: (n: number) => number): number {
  const width = centre(1) - centre(0);
  const along = Math.min(Math.max((x - centre(0)) / width + 0.5, 0), spans.length - 1e-6);
  const n = Math.floor(along);
  const [first, last] = spans[n]!;
  const days = (dayStart(last) - dayStart(first)) / DAY + 1;
  return dayStart(first) + Math.floor((along - n) * days) * DAY;
}

/** Let the reader drag over the chart; `onPicked` gets the first and the last day, both included. Escape cancels. */
export function pickDays(place: HTMLElement, spans: Span[], centre: (n: number) => number, onPicked: (first: string, last: string) => void): void {
  const mark = document.createElement("div");
  mark.className = "chart-range";
  mark.hidden = true;
  const caption = document.createElement("span");
  mark.append(caption);
  place.append(mark);
  place.classList.add("chart-picks");
  let from: number | null = null;
  const inside = (event: PointerEvent): number => event.clientX - place.getBoundingClientRect().left;
  const chosen = (x: number): Span => {
    const ends = [dayAt(from ?? x, spans, centre), dayAt(x, spans, centre)].sort((one, other) => one - other);
    return [isoDay(ends[0]!), isoDay(ends[1]!)];
  };
  const cancel = (): void => {
    from = null;
    mark.hidden = true;
  };
  place.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.isPrimary) from = inside(event);
  });
  place.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const x = inside(event);
    if (mark.hidden) {
      if (Math.abs(x - from) < MIN_DRAG) return;
      place.setPointerCapture(event.pointerId);
      mark.hidden = false;
    }
    const left = Math.min(from, x);
    mark.style.left = `${left}px`;
    mark.style.width = `${Math.abs(x - from)}px`;
    caption.textContent = chosen(x).join(" … ");
    // Centred on the range, but within the chart.
    const wide = caption.offsetWidth;
    const middle = (from + x - wide) / 2;
    caption.style.left = `${Math.min(Math.max(middle, 0), place.clientWidth - wide) - left}px`;
  });
  place.addEventListener("pointerup", (event) => {
    const days = from !== null && !mark.hidden ? chosen(inside(event)) : null;
    cancel();
    if (days) onPicked(...days);
  });
  place.addEventListener("pointercancel", cancel);
  document.addEventListener("keydown", (event) => void (event.key === "Escape" && cancel()));
}
