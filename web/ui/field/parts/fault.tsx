// The fault of a field, shown below it.
import type { JSX } from "preact";

export function Fault({ text }: { text: string }): JSX.Element | null {
  return text ? (
    <p class="fault" role="alert">
      {text}
    </p>
  ) : null;
}
