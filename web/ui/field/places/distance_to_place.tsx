// Direction and distance from the phone to the place of a case.
import type { JSX } from "preact";
import { bearing, distance } from "./geo";
import { t } from "../words/texts";
import type { Point } from "../types";

export function DistanceToPlace({ from, to }: { from: Point; to: Point }): JSX.Element {
  const metres = Math.round(distance(from, to));
  return (
    <span class="way">
      <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
        <path d="M12 3 18 20 12 16 6 20Z" fill="currentColor" transform={`rotate(${Math.round(bearing(from, to))} 12 12)`} />
      </svg>
      {metres < 1000 ? t("距现场 %(n)s 米", { n: metres }) : t("距现场 %(n)s 公里", { n: (metres / 1000).toFixed(1) })}
    </span>
  );
}
