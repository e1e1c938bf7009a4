// The bell of the header, on pages that follow what happens: its count grows by itself, and new ones are told. What is
// silent in quiet hours the server does not count among those that call.
import htmx from "htmx.org";
import { toast } from "./frame";
import { onChanges } from "./live";

const REFRESH_DELAY = 5_000;
const bell = (): HTMLElement | null => document.getElementById("bell");
const calling = (): number => Number(bell()?.dataset["calling"] ?? 0);

export function setUpBell(): void {
  let timer = 0;
  const refreshBell = async (): Promise<void> => {
    timer = 0;
    const before = calling();
    await htmx.ajax("GET", "/notices/bell", { target: "#bell", swap: "outerMorph" });
    if (calling() > before) toast(`${bell()?.dataset["came"]} (${calling()})`);
  };
  const schedule = (): void => {
    timer ||= window.setTimeout(() => void refreshBell(), REFRESH_DELAY);
  };
  onChanges(schedule, schedule);
}
