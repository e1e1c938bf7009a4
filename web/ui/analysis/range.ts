// A range of days, dragged over a chart of spans along its horizontal axis. ECharts' own brush knows whole spans only,
// tells nothing while it is drawn, and is three kilobytes; here a part of a week is that many of its days.

type Span = [first: string, last: string];
const DAY = 86_400_000;
/** Pixels: less is a click. */
const MIN_DRAG = 6;

const dayStart = (day: string): number => Date.parse(`${day}T00:00Z`);
const isoDay = (moment: number): string => new Date(moment).toISOString().slice(0, 10);

/** The day that lies `x` pixels from the left. `centre`: where the nth span's point is. Days as UTC midnights. */
export function dayAt(x: number, spans: Span[], centre: (n: number) => number): number {
  const width = centre(1) - centre(0);
  const along = Math.min(Math.max((x - centre(0)) / width + 0.5, 0), spans.length - 1e-6);
  const n = Math.floor(along);
  const [first, last] = spans[n]!;
  const days = (dayStart(last) - dayStart(first)) / DAY + 1;
  return dayStart(first) + Math.floor((along - n) * days) * DAY;
}

/** Has the reader drag over the chart; `done` is told the first and the last day, both included. Escape gives it up. */
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
    // In the middle of the range, but not beyond the chart.
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
