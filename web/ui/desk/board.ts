// Pages of figures that follow what happens: the board, the ladder, the map's counts. On a change the part of the page
// that shows numbers is fetched again and morphed, at most once every few seconds. On a big screen the board pages by
// itself and keeps the screen awake.
import "./desk";
import htmx from "htmx.org";
import { setUpChoice } from "./choice";
import { onChanges } from "./live";
import { setUpWaiting } from "./waiting";

const SOON = 800;
const AT_MOST_EVERY = 3_000;
const TURN = 15_000;

function setUpTick(): void {
  const part = document.querySelector<HTMLElement>("[data-tick]");
  if (!part) return;
  let last = 0;
  let timer = 0;
  const look = async (): Promise<void> => {
    timer = 0;
    last = Date.now();
    const place = document.querySelector<HTMLElement>("[data-tick]");
    if (place) await htmx.ajax("GET", location.pathname + location.search, { target: place, swap: "outerMorph" });
  };
  const soon = (): void => {
    if (timer) return;
    timer = window.setTimeout(() => void look(), Math.max(SOON, last + AT_MOST_EVERY - Date.now()));
  };
  onChanges(soon, soon);
  // Deadlines pass without anybody doing anything.
  window.setInterval(() => {
    if (!document.hidden) soon();
  }, 60_000);
}

function setUpTelevision(): void {
  if (!document.body.classList.contains("tv")) return;
  const hold = document.getElementById("hold");
  let held = false;
  let at = 0;
  const turn = (): void => {
    const pages = [...document.querySelectorAll<HTMLElement>("[data-page]")];
    if (held || document.hidden || !pages.length) return;
    at = (at + 1) % pages.length;
    pages[at]?.scrollIntoView({ block: "start" });
  };
  window.setInterval(turn, TURN);
  if (hold) {
    hold.hidden = false;
    hold.addEventListener("click", () => {
      held = !held;
      hold.setAttribute("aria-pressed", String(held));
    });
  }
  const stayAwake = async (): Promise<void> => {
    try {
      await navigator.wakeLock?.request("screen");
    } catch {
      // Refused, or not offered: the screen's own settings hold.
    }
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void stayAwake();
  });
  void stayAwake();
}

setUpTick();
setUpChoice();
setUpTelevision();
setUpWaiting("overdue", "found");
