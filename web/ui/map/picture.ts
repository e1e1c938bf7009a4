// The view as a picture: our own layers, the legend and captions. Tiles of another host are left out, because a canvas
// with them could not be exported.

const EDGE = 12;
const LINE = 22;
const KEY = 14;

/** Draw the view on a new canvas, with the `captions` below it. */
export function drawPicture(map: HTMLElement, legend: HTMLElement | null, captions: readonly string[]): HTMLCanvasElement {
  const frame = map.getBoundingClientRect();
  const pixelRatio = window.devicePixelRatio || 1;
  const canvas = document.createElement("canvas");
  const height = frame.height + LINE * (captions.length + 1) + EDGE * 2;
  canvas.width = Math.round(frame.width * pixelRatio);
  canvas.height = Math.round(height * pixelRatio);
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser draws nothing");
  pen.scale(pixelRatio, pixelRatio);
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, frame.width, height);
  pen.save();
  pen.beginPath();
  pen.rect(0, 0, frame.width, frame.height);
  pen.clip();
  for (const layer of map.querySelectorAll("canvas")) {
    const box = layer.getBoundingClientRect();
    pen.drawImage(layer, box.left - frame.left, box.top - frame.top, box.width, box.height);
  }
  pen.restore();
  drawLabels(pen, map, frame);
  pen.strokeStyle = "#c4c9d4";
  pen.strokeRect(0.5, 0.5, frame.width - 1, frame.height - 1);
  pen.font = `13px ${getComputedStyle(map).fontFamily}`;
  pen.textBaseline = "middle";
  drawLegend(pen, legend, frame.height + EDGE + LINE / 2);
  pen.fillStyle = "#181c25";
  captions.forEach((line, at) => pen.fillText(line, EDGE, frame.height + EDGE + LINE * (at + 1.5)));
  return canvas;
}

/** The names and numbers on the areas, and the scale, as the page shows them. */
function drawLabels(pen: CanvasRenderingContext2D, map: HTMLElement, frame: DOMRect): void {
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  for (const line of map.querySelectorAll(".area-label > span > span, .leaflet-control-scale-line, .north-mark")) {
    const box = line.getBoundingClientRect();
    const style = getComputedStyle(line);
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const [x, y] = [box.left - frame.left + box.width / 2, box.top - frame.top + box.height / 2];
    pen.strokeStyle = "#fff";
    pen.strokeText(line.textContent ?? "", x, y);
    pen.fillStyle = "#181c25";
    pen.fillText(line.textContent ?? "", x, y);
  }
  pen.textAlign = "start";
  pen.lineWidth = 1;
}

function drawLegend(pen: CanvasRenderingContext2D, legend: HTMLElement | null, y: number): void {
  let x = EDGE;
  for (const key of legend?.querySelectorAll(":scope > span") ?? []) {
    pen.fillStyle = key.querySelector("rect")?.getAttribute("fill") ?? "#fff";
    pen.fillRect(x, y - KEY / 2, KEY, KEY);
    pen.strokeRect(x + 0.5, y - KEY / 2 + 0.5, KEY - 1, KEY - 1);
    pen.fillStyle = "#181c25";
    const text = key.textContent?.trim() ?? "";
    pen.fillText(text, x + KEY + 6, y);
    x += KEY + 6 + pen.measureText(text).width + 16;
  }
}

/** Download the picture as a file. */
export function save(picture: HTMLCanvasElement, name: string): void {
  picture.toBlob((blob) => {
    if (!blob) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }, "image/png");
}
