// The checkboxes of a list's rows, and how many of them are ticked.

export const rowCheckboxes = (): HTMLInputElement[] => [
  ...document.querySelectorAll<HTMLInputElement>('#rows input[name="case"]:not(:disabled)'),
];

export function updateTickCount(): void {
  const count = rowCheckboxes().filter((box) => box.checked).length;
  const counter = document.getElementById("ticked");
  if (counter) counter.textContent = String(count);
  document.getElementById("bulk")?.classList.toggle("some", count > 0);
  const all = document.getElementById("all") as HTMLInputElement | null;
  if (all) all.checked = count > 0 && count === rowCheckboxes().length;
}

export function clearTicks(): void {
  rowCheckboxes().forEach((box) => (box.checked = false));
  updateTickCount();
}

export function setUpTicks(): void {
  document.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    if (box.id === "all") rowCheckboxes().forEach((one) => (one.checked = box.checked));
    if (box.id === "all" || box.name === "case") updateTickCount();
  });
}
