// The bell of the header, on pages that follow what happens: its count grows by itself, and new ones are told. What is
// silent in quiet hours the server does not count among those that call.
import htmx from "htmx.org";
import { toast } from "./frame";
import { onChanges } from "./live";

const EVERY = 5_000;
const bell = (): HTMLElement | null => document.getElementById("bell");
const calling = (): number => Number(bell()?.dataset["calling"] ?? 0);

export function setUpBell(): void {
  let timer = 0;
  const look = async (): Promise<void> => {
    timer = 0;
    const before = calling();
    await htmx.ajax("GET", "/notices/bell", { target: "#bell", swap: "outerMorph" });
    if (calling() > before) toast(`${bell()?.dataset["came"]} (${calling()})`);
  };
  const soon = (): void => {
    timer ||= window.setTimeout(() => void look(), EVERY);
  };
  onChanges(soon, soon);
}
