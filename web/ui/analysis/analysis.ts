// The charts of the analysis page, drawn when they become visible. Each has a table beside it, which needs no script.
// Tooltips are drawn on the canvas: ECharts' own boxes set styles that the content policy forbids.
import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, ToolboxComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { pickDays } from "./range";

use([BarChart, HeatmapChart, LineChart, AriaComponent, GridComponent, LegendComponent, ToolboxComponent, TooltipComponent, VisualMapComponent, CanvasRenderer]);

interface ChartData {
  words: { reported: string; closed: string; cases: string; save: string };
  /** The address of a part of the period, without the part's own dates. */
  part: string;
  /** Days or weeks: label, reported, closed, the addresses of both lists, the first and the last day. */
  spans: [string, number, number, string, string, string, string][];
  categories: [string, number, string][];
  weekdays: string[];
  hours: number[][];
  durations: [string, number][];
}

const style = getComputedStyle(document.documentElement);
const colour = (name: string): string => style.getPropertyValue(name).trim();
const large = document.documentElement.classList.contains("large");
const size = large ? 17 : 13;

function baseOption(words: ChartData["words"], name: string): object {
  return {
    animation: false,
    aria: { enabled: true, decal: { show: true } },
    color: [colour("--brand"), "#b97a00"],
    textStyle: { fontFamily: colour("--font"), fontSize: size, color: colour("--ink") },
    grid: { left: 8, right: 24, top: 40, bottom: 8, containLabel: true },
    tooltip: { renderMode: "richText", confine: true, textStyle: { fontSize: size } },
    toolbox: { right: 8, feature: { saveAsImage: { name, title: words.save, backgroundColor: "#fff", pixelRatio: 2 } } },
  };
}

const label = { fontSize: size, color: colour("--ink-2") };
const numbers = { type: "value", minInterval: 1, axisLabel: label };

function chartOption(kind: string, data: ChartData): object {
  const base = baseOption(data.words, kind);
  const names = (axis: string[], more: object = {}): object => ({ type: "category", data: axis, axisLabel: { ...label, ...more } });
  switch (kind) {
    case "spans":
      return {
        ...base,
        tooltip: { renderMode: "richText", confine: true, trigger: "axis" },
        legend: { left: 0, top: 0, textStyle: label },
        xAxis: names(data.spans.map((span) => span[0])),
        yAxis: numbers,
        series: [
          { name: data.words.reported, type: "line", symbolSize: 7, data: data.spans.map((span) => span[1]) },
          { name: data.words.closed, type: "line", symbol: "rect", symbolSize: 7, lineStyle: { type: "dashed" }, data: data.spans.map((span) => span[2]) },
        ],
      };
    case "categories": {
      const shown = [...data.categories].reverse();
      return {
        ...base,
        xAxis: numbers,
        yAxis: names(shown.map((one) => one[0]), { width: 150, overflow: "truncate", interval: 0 }),
        series: [{ name: data.words.reported, type: "bar", label: { show: true, position: "right", fontSize: size }, data: shown.map((one) => one[1]) }],
      };
    }
    case "hours": {
      const cells = data.hours.flatMap((line, day) => line.map((count, hour) => [hour, day, count]));
      return {
        ...base,
        aria: { enabled: true },
        grid: { left: 8, right: 8, top: 36, bottom: 56, containLabel: true },
        xAxis: names(Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"))),
        yAxis: { ...names(data.weekdays), inverse: true },
        visualMap: {
          min: 0,
          max: Math.max(1, ...data.hours.flat()),
          calculable: false,
          orient: "horizontal",
          left: "center",
          bottom: 0,
          textStyle: label,
          inRange: { color: ["#eef2f9", "#9dbcf2", "#0052d9", "#00256b"] },
        },
        series: [{ name: data.words.reported, type: "heatmap", data: cells }],
      };
    }
    default:
      return {
        ...base,
        xAxis: names(data.durations.map((one) => one[0]), { interval: 0, rotate: 30 }),
        yAxis: numbers,
        series: [{ name: data.words.cases, type: "bar", label: { show: true, position: "top", fontSize: size }, data: data.durations.map((one) => one[1]) }],
      };
  }
}

/** The address of the case list behind a point or a bar; the table beside the chart has the same links. */
function listOf(kind: string, data: ChartData, at: number, series: number): string | undefined {
  if (kind === "spans") return data.spans[at]?.[series === 0 ? 3 : 4];
  if (kind === "categories") return [...data.categories].reverse()[at]?.[2];
  return undefined;
}

function drawChart(place: HTMLElement, data: ChartData): void {
  const chart = init(place);
  chart.setOption(chartOption(place.dataset["chart"] ?? "", data) as Record<string, unknown>);
  place.dataset["drawn"] = "yes";
  chart.on("click", (event) => {
    const list = listOf(place.dataset["chart"] ?? "", data, event.dataIndex, event.seriesIndex ?? 0);
    if (list) location.assign(list);
  });
  if (place.dataset["chart"] === "spans" && data.spans.length > 1) {
    const centre = (at: number): number => chart.convertToPixel({ xAxisIndex: 0 }, at);
    pickDays(place, data.spans.map((span) => [span[5], span[6]]), centre, (first, last) => {
      const url = new URL(data.part, location.href);
      url.searchParams.set("from", first);
      url.searchParams.set("to", last);
      location.assign(url);
    });
  }
  new ResizeObserver(() => chart.resize()).observe(place);
}

const block = document.getElementById("charts");
if (block?.textContent) {
  const chartData = JSON.parse(block.textContent) as ChartData;
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      drawChart(entry.target as HTMLElement, chartData);
    }
  });
  for (const place of document.querySelectorAll<HTMLElement>("[data-chart]")) seen.observe(place);
}
