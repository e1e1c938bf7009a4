// The bell of the header on live pages: its count is updated, and a new notice shows a message. The server leaves out
// notices that are silent in quiet hours.
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
