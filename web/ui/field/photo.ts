// A picture on its way into the outbox: shrunk on the phone, marked with time, place and name, looked at.
import { newId } from "./ids";
import type { Photo } from "./outbox";
import { Full, shelf } from "./shelf";

const LONGEST = 1280;
const QUALITIES = [0.72, 0.6, 0.5, 0.4];
/** Bytes of a stored photo, at most. */
const MOST = 300_000;
const SMALL = 480;
const DARK = 38;
/** Bytes that must stay free for what is being written. */
const SPARE = 3_000_000;

export class NotAPicture extends Error {}

export interface Taken {
  id: string;
  warning: "" | "dark" | "small";
}

/** Takes a picture in and stores it. `mark`: lines burnt into its lower edge. Throws NotAPicture and Full. */
export async function takeIn(file: Blob, mark: string[]): Promise<Taken> {
  await checkRoom();
  const picture = await decode(file);
  const { width, height } = picture;
  const warning = Math.min(width, height) < SMALL ? "small" : isDark(picture) ? "dark" : "";
  const blob = await shrink(picture, mark);
  if ("close" in picture) picture.close();
  const photo: Photo = { id: newId(), made_at: Date.now(), data: await blob.arrayBuffer(), type: "image/jpeg" };
  await (await shelf).put("photos", photo);
  return { id: photo.id, warning };
}

/** Throws Full while there is still room for what is there already. */
async function checkRoom(): Promise<void> {
  const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
  if (quota !== undefined && usage !== undefined && quota - usage < SPARE) throw new Full();
}

async function decode(file: Blob): Promise<ImageBitmap | HTMLImageElement> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return await element(file); // an older browser without options, or no picture at all
  }
}

function element(file: Blob): Promise<HTMLImageElement> {
  const address = URL.createObjectURL(file);
  return new Promise((done, failed) => {
    const image = new Image();
    image.onload = () => (URL.revokeObjectURL(address), done(image));
    image.onerror = () => (URL.revokeObjectURL(address), failed(new NotAPicture()));
    image.src = address;
  });
}

function canvas(width: number, height: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const made = document.createElement("canvas");
  made.width = width;
  made.height = height;
  const context = made.getContext("2d");
  if (!context) throw new NotAPicture();
  return [made, context];
}

function isDark(picture: CanvasImageSource): boolean {
  const [, context] = canvas(32, 32);
  context.drawImage(picture, 0, 0, 32, 32);
  const { data } = context.getImageData(0, 0, 32, 32);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += 0.3 * data[i]! + 0.59 * data[i + 1]! + 0.11 * data[i + 2]!;
  return sum / (data.length / 4) < DARK;
}

async function shrink(picture: ImageBitmap | HTMLImageElement, mark: string[]): Promise<Blob> {
  for (let longest = LONGEST; ; longest *= 0.8) {
    const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
    const [made, context] = canvas(Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale)));
    context.fillStyle = "#fff";
    context.fillRect(0, 0, made.width, made.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, made.width, made.height);
    burn(context, made.width, made.height, mark);
    for (const quality of QUALITIES) {
      const blob = await new Promise<Blob | null>((done) => made.toBlob(done, "image/jpeg", quality));
      if (!blob) throw new NotAPicture();
      if (blob.size <= MOST || longest < 320) return blob;
    }
  }
}

function burn(context: CanvasRenderingContext2D, width: number, height: number, mark: string[]): void {
  const size = Math.max(10, Math.round(width / 42));
  const line = Math.round(size * 1.45);
  context.fillStyle = "rgb(0 0 0 / 55%)";
  context.fillRect(0, height - line * mark.length - size, width, line * mark.length + size);
  context.fillStyle = "#fff";
  context.font = `${size}px sans-serif`;
  context.textBaseline = "top";
  mark.forEach((text, i) => context.fillText(text, size, height - line * (mark.length - i) - size / 3, width - 2 * size));
}

export async function photoBlob(id: string): Promise<Blob | null> {
  const photo = await (await shelf).get<Photo>("photos", id);
  return photo ? new Blob([photo.data], { type: photo.type }) : null;
}

export async function dropPhoto(id: string): Promise<void> {
  await (await shelf).remove("photos", id);
}
