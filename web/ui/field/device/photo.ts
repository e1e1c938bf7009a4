// Photos for the outbox: scaled down, marked with time, place and name, and checked for darkness and size.
import { newId } from "../store/ids";
import type { Photo } from "../store/outbox";
import { StorageFull, localStore } from "../store/database";

const MAX_SIDE = 1280;
const QUALITIES = [0.72, 0.6, 0.5, 0.4];
/** Maximum bytes of a photo or film that is stored as it is. */
const MAX_ORIGINAL = 100_000_000;
const MAX_ORIGINAL_PHOTO = 20_000_000;
/** Maximum bytes of a stored photo. */
const MAX_BYTES = 300_000;
const MIN_SIDE = 480;
const DARK_BELOW = 38;
/** Bytes that must stay free for drafts and items being written. */
const FREE_BYTES_NEEDED = 3_000_000;

export class NotAPicture extends Error {}
export class TooLarge extends Error {}

export interface StoredPhoto {
  id: string;
  warning: "" | "dark" | "small";
}

/** Prepare and store a picture. `mark`: lines drawn into its lower edge. A film, and a photo that only the server can read,
 * is stored as it is. Throws NotAPicture, TooLarge and StorageFull. */
export async function storePhoto(file: Blob, mark: string[]): Promise<StoredPhoto> {
  await checkRoom(file.size);
  const kind = await originalKind(file);
  if (kind === "film") return storeOriginal(file, MAX_ORIGINAL);
  const picture = await decode(file).catch((error: unknown) => {
    if (kind !== "photo") throw error;
    return null;
  });
  if (!picture) return storeOriginal(file, MAX_ORIGINAL_PHOTO);
  const { width, height } = picture;
  const warning = Math.min(width, height) < MIN_SIDE ? "small" : isDark(picture) ? "dark" : "";
  const blob = await shrink(picture, mark);
  if ("close" in picture) picture.close();
  const photo: Photo = { id: newId(), made_at: Date.now(), data: await blob.arrayBuffer(), type: "image/jpeg" };
  await (await localStore).put("photos", photo);
  return { id: photo.id, warning };
}

/** What a file is by its first bytes: a film, or a photo that this phone may not be able to read (HEIC, AVIF, TIFF). */
async function originalKind(file: Blob): Promise<"film" | "photo" | ""> {
  const head = String.fromCharCode(...new Uint8Array(await file.slice(0, 12).arrayBuffer()));
  if (/^(II\*\0|MM\0\*)/.test(head)) return "photo";
  if (/^[^]{4}(moov|mdat|wide)/.test(head)) return "film";
  const brand = /^[^]{4}ftyp([^]{4})/.exec(head)?.[1];
  if (!brand || brand.startsWith("M4A")) return "";
  return /^(hei|hev|mif|msf|avi)/.test(brand) ? "photo" : "film";
}

async function storeOriginal(file: Blob, most: number): Promise<StoredPhoto> {
  if (file.size > most) throw new TooLarge();
  const photo: Photo = { id: newId(), made_at: Date.now(), data: await file.arrayBuffer(), type: file.type || "application/octet-stream" };
  await (await localStore).put("photos", photo);
  return { id: photo.id, warning: "" };
}

/** Throws StorageFull before the storage is full, so that existing drafts and items can still be saved. */
async function checkRoom(size: number): Promise<void> {
  const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
  if (quota !== undefined && usage !== undefined && quota - usage < FREE_BYTES_NEEDED + (size > MAX_ORIGINAL_PHOTO ? size : 0)) throw new StorageFull();
}

async function decode(file: Blob): Promise<ImageBitmap | HTMLImageElement> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return await decodeWithElement(file); // an older browser without options, or not a picture
  }
}

function decodeWithElement(file: Blob): Promise<HTMLImageElement> {
  const address = URL.createObjectURL(file);
  return new Promise((done, failed) => {
    const image = new Image();
    image.onload = () => (URL.revokeObjectURL(address), done(image));
    image.onerror = () => (URL.revokeObjectURL(address), failed(new NotAPicture()));
    image.src = address;
  });
}

function makeCanvas(width: number, height: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const element = document.createElement("canvas");
  element.width = width;
  element.height = height;
  const context = element.getContext("2d");
  if (!context) throw new NotAPicture();
  return [element, context];
}

function isDark(picture: CanvasImageSource): boolean {
  const [, context] = makeCanvas(32, 32);
  context.drawImage(picture, 0, 0, 32, 32);
  const { data } = context.getImageData(0, 0, 32, 32);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += 0.3 * data[i]! + 0.59 * data[i + 1]! + 0.11 * data[i + 2]!;
  return sum / (data.length / 4) < DARK_BELOW;
}

async function shrink(picture: ImageBitmap | HTMLImageElement, mark: string[]): Promise<Blob> {
  for (let longest = MAX_SIDE; ; longest *= 0.8) {
    const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
    const [canvas, context] = makeCanvas(Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale)));
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    drawMark(context, canvas.width, canvas.height, mark);
    for (const quality of QUALITIES) {
      const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (!blob) throw new NotAPicture();
      if (blob.size <= MAX_BYTES || longest < 320) return blob;
    }
  }
}

function drawMark(context: CanvasRenderingContext2D, width: number, height: number, mark: string[]): void {
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
  const photo = await (await localStore).get<Photo>("photos", id);
  return photo ? new Blob([photo.data], { type: photo.type }) : null;
}

export async function removePhoto(id: string): Promise<void> {
  await (await localStore).remove("photos", id);
}
