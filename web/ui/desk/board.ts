// Live pages of figures: the board, the ladder, the map's counts. On a change the part of the page with the numbers is
// fetched again and morphed, at most once every few seconds. On a big screen the board turns its pages by itself and
// keeps the screen awake.
import "./desk";
import htmx from "htmx.org";
import { setUpChoice } from "./choice";
import { onChanges } from "./live";
import { setUpChangePill } from "./change_pill";

const MIN_DELAY = 800;
const MIN_INTERVAL = 3_000;
const PAGE_INTERVAL = 15_000;

function setUpRefresh(): void {
  const part = document.querySelector<HTMLElement>("[data-tick]");
  if (!part) return;
  let last = 0;
  let timer = 0;
  const refresh = async (): Promise<void> => {
    timer = 0;
    last = Date.now();
    const place = document.querySelector<HTMLElement>("[data-tick]");
    if (place) await htmx.ajax("GET", location.pathname + location.search, { target: place, swap: "outerMorph" });
  };
  const schedule = (): void => {
    if (timer) return;
    timer = window.setTimeout(() => void refresh(), Math.max(MIN_DELAY, last + MIN_INTERVAL - Date.now()));
  };
  onChanges(schedule, schedule);
  // Deadlines pass without a change of a case.
  window.setInterval(() => {
    if (!document.hidden) schedule();
  }, 60_000);
}

function setUpBigScreen(): void {
  if (!document.body.classList.contains("tv")) return;
  const pauseButton = document.getElementById("hold");
  let paused = false;
  let current = 0;
  const turnPage = (): void => {
    const pages = [...document.querySelectorAll<HTMLElement>("[data-page]")];
    if (paused || document.hidden || !pages.length) return;
    current = (current + 1) % pages.length;
    pages[current]?.scrollIntoView({ block: "start" });
  };
  window.setInterval(turnPage, PAGE_INTERVAL);
  if (pauseButton) {
    pauseButton.hidden = false;
    pauseButton.addEventListener("click", () => {
      paused = !paused;
      pauseButton.setAttribute("aria-pressed", String(paused));
    });
  }
  const stayAwake = async (): Promise<void> => {
    try {
      await navigator.wakeLock?.request("screen");
    } catch {
      // Refused or not supported: the settings of the screen apply.
    }
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void stayAwake();
  });
  void stayAwake();
}

setUpRefresh();
setUpChoice();
setUpBigScreen();
setUpChangePill("overdue", "found");
