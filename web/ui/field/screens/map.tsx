// A simple map of the grid units, without tiles. A tap sets the place; arrow keys move the pin.
import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { unitAt } from "../places/geo";
import { placeLabels } from "../places/labels";
import { t } from "../words/texts";
import type { Point, Unit } from "../types";
import { Empty, Icon, Screen } from "../parts/ui";

const SIZE = 1000;
/** The letter height of names, as in the style sheet. */
const LETTER_HEIGHT = 34;
const RADIAN = Math.PI / 180;
const KEY_STEP = 0.02;
const METRES_PER_DEGREE = 111_320;

interface View {
  centre: Point;
  /** Degrees of latitude that the map shows. */
  span: number;
}

function boundsView(units: Unit[]): View {
  const points = units.flatMap(({ polygons }) => polygons.flatMap(([outline]) => outline!));
  const lons = points.map(([lon]) => lon!);
  const lats = points.map(([, lat]) => lat!);
  const [west, east, south, north] = [Math.min(...lons), Math.max(...lons), Math.min(...lats), Math.max(...lats)];
  const centre = { lat: (south + north) / 2, lon: (west + east) / 2 };
  return { centre, span: Math.max(north - south, (east - west) * Math.cos(centre.lat * RADIAN)) * 1.1 || 0.01 };
}

/** The largest of 1, 2 and 5 times a power of ten that is not above `metres`. */
function roundDown(metres: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(metres, 1)));
  return power * (metres >= 5 * power ? 5 : metres >= 2 * power ? 2 : 1);
}

export function PlaceMap({ units, place, choose }: { units: Unit[]; place: Point | null; choose: (point: Point) => void }): JSX.Element {
  if (!units.length)
    return (
      <Screen title={t("地图选点")} leave>
        <Empty>{t("网格图还没有保存在本机,请先联网打开一次")}</Empty>
      </Screen>
    );
  return <Drawing units={units} place={place} choose={choose} />;
}

function Drawing({ units, place, choose }: { units: Unit[]; place: Point | null; choose: (point: Point) => void }): JSX.Element {
  const whole = useMemo(() => boundsView(units), [units]);
  const [view, setView] = useState<View>(() => (place && unitAt(place, units) ? { centre: place, span: Math.min(whole.span, 0.012) } : whole));
  const [pin, setPin] = useState<Point>(() => (place && unitAt(place, units) ? place : view.centre));
  const drag = useRef<{ x: number; y: number; from: Point; moved: boolean } | null>(null);
  const scale = SIZE / view.span;
  const lonScale = Math.cos(view.centre.lat * RADIAN);
  const x = (lon: number): number => (lon - view.centre.lon) * lonScale * scale;
  const y = (lat: number): number => (view.centre.lat - lat) * scale;
  const shapes = useMemo(
    () => units.map((unit) => ({ unit, path: unit.polygons.flat().map((ring) => `M${ring.map(([lon, lat]) => `${x(lon!).toFixed(1)} ${y(lat!).toFixed(1)}`).join("L")}Z`).join("") })),
    [units, view],
  );
  const labels = useMemo(() => placeLabels(units, x, y, SIZE / 2, LETTER_HEIGHT), [units, view]);
  const pointAt = (event: MouseEvent): Point => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const unit = view.span / Math.min(box.width, box.height);
    return {
      lon: view.centre.lon + ((event.clientX - box.left - box.width / 2) * unit) / lonScale,
      lat: view.centre.lat - (event.clientY - box.top - box.height / 2) * unit,
    };
  };
  const move = (event: PointerEvent): void => {
    const start = drag.current;
    if (!start) return;
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const unit = view.span / Math.min(box.width, box.height);
    if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > 8) start.moved = true;
    if (start.moved) setView({ ...view, centre: { lon: start.from.lon - ((event.clientX - start.x) * unit) / lonScale, lat: start.from.lat + (event.clientY - start.y) * unit } });
  };
  const key = (event: KeyboardEvent): void => {
    const step = view.span * KEY_STEP;
    const steps: Record<string, [number, number]> = { ArrowLeft: [0, -step / lonScale], ArrowRight: [0, step / lonScale], ArrowUp: [step, 0], ArrowDown: [-step, 0] };
    const offset = steps[event.key];
    if (!offset) return;
    event.preventDefault();
    setPin({ lat: pin.lat + offset[0], lon: pin.lon + offset[1] });
  };
  const here = unitAt(pin, units);
  /** Metres in a unit of the drawing, and the length of the scale bar in metres. */
  const metres = (view.span * METRES_PER_DEGREE) / SIZE;
  const bar = roundDown(metres * SIZE * 0.3);
  const zoom = (factor: number): void => setView({ centre: pin, span: Math.min(whole.span * 2, Math.max(0.0005, view.span * factor)) });
  return (
    <Screen
      title={t("地图选点")}
      leave
      foot={
        <button type="button" class="primary wide big" onClick={() => choose(pin)}>
          {t("用这个位置")}
        </button>
      }
    >
      <p class="map-here" role="status">
        <Icon name="location" /> <strong>{here ? here.name : t("不在已保存的网格图内")}</strong>{" "}
        {here && !here.own && <span class="tag">{t("相邻网格")}</span>}{" "}
        <span class="muted num">
          {pin.lat.toFixed(5)}, {pin.lon.toFixed(5)}
        </span>
      </p>
      <div class="map" role="application" tabIndex={0} aria-label={t("网格图:点按设置位置,方向键移动")} onKeyDown={key}>
        <svg
          viewBox={`${-SIZE / 2} ${-SIZE / 2} ${SIZE} ${SIZE}`}
          aria-hidden="true"
          onPointerDown={(event) => (drag.current = { x: event.clientX, y: event.clientY, from: view.centre, moved: false })}
          onPointerMove={move}
          onPointerUp={(event) => {
            if (drag.current && !drag.current.moved) setPin(pointAt(event));
            drag.current = null;
          }}
          onPointerLeave={() => (drag.current = null)}
        >
          {shapes.map(({ unit, path }) => (
            <path class={`unit level-${unit.level}${unit.own ? "" : " other"}${unit.code === here?.code ? " here" : ""}`} d={path} key={unit.code} />
          ))}
          {labels.map((label) => (
            <text class="unit-name" x={label.x.toFixed(1)} y={label.y.toFixed(1)} key={label.code}>
              {label.text}
            </text>
          ))}
          <polygon class="north" points={`${SIZE / 2 - 50},${20 - SIZE / 2} ${SIZE / 2 - 32},${72 - SIZE / 2} ${SIZE / 2 - 50},${58 - SIZE / 2} ${SIZE / 2 - 68},${72 - SIZE / 2}`} />
          <text class="unit-name" x={SIZE / 2 - 50} y={110 - SIZE / 2}>
            {t("北")}
          </text>
          <polyline class="scale-bar" points={`${20 - SIZE / 2},${SIZE / 2 - 34} ${20 - SIZE / 2},${SIZE / 2 - 20} ${20 - SIZE / 2 + bar / metres},${SIZE / 2 - 20} ${20 - SIZE / 2 + bar / metres},${SIZE / 2 - 34}`} />
          <text class="unit-name scale-name" x={36 - SIZE / 2 + bar / metres} y={SIZE / 2 - 16}>
            {bar >= 1000 ? `${bar / 1000} km` : `${bar} m`}
          </text>
          <g transform={`translate(${x(pin.lon).toFixed(1)} ${y(pin.lat).toFixed(1)})`}>
            <path class="pin" d="M0 0C-14 -34 -32 -46 -32 -70A32 32 0 0 1 32 -70C32 -46 14 -34 0 0Z" />
            <circle class="pin-hole" cy={-70} r={12} />
          </g>
        </svg>
      </div>
      <div class="pair">
        <button type="button" onClick={() => zoom(0.5)}>
          <Icon name="add" />
          {t("放大")}
        </button>
        <button type="button" onClick={() => zoom(2)}>
          <Icon name="minus" />
          {t("缩小")}
        </button>
      </div>
    </Screen>
  );
}
