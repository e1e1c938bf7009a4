// The overdue list as a work list: rows are selected by click or key, many are urged with one letter.
import "./desk";
import { reloadParts, setUpChangePill } from "./change_pill";
import { setUpChoice } from "./choice";
import { setUpPicking, setUpRows } from "./rows";
import { clearTicks, setUpTicks } from "./ticks";

setUpTicks();
setUpRows();
setUpPicking();
setUpChoice();
setUpChangePill("overdue", "found");
document.addEventListener("htmx:after:swap", () => {
  if (!document.querySelector("#bulk-result [data-outcome]")) return;
  const open = document.querySelector<HTMLDetailsElement>("#bulk details[open]");
  if (!open) return;
  open.open = false;
  clearTicks();
  // The rows show the new urge orders; the outcome above them stays.
  void reloadParts(["overdue", "found"]);
});
