// Pushes to this browser: whether they can be had, and turning them on and off.
import { request } from "../server/request";
import { language } from "../words/texts";

/** `unset`: the administrator has set up no channel. `denied`: the person forbade notifications in the browser. */
export type PushState = "unsupported" | "unset" | "denied" | "off" | "on";

export function canPush(): boolean {
  return window.isSecureContext && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

async function current(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/** The state of this browser, and the key to subscribe with. Throws Unreachable without a network. */
export async function pushState(): Promise<{ state: PushState; key: string }> {
  if (!canPush()) return { state: "unsupported", key: "" };
  const key = (await request<{ public_key: string | null }>("GET", "me/push", { language })).data.public_key;
  if (key === null) return { state: "unset", key: "" };
  if (Notification.permission === "denied") return { state: "denied", key };
  return { state: (await current()) ? "on" : "off", key };
}

/** Ask the person, subscribe, and tell the server. Return the state that then holds. */
export async function turnPushOn(key: string): Promise<PushState> {
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  // One that an earlier key was used for can't be used with this one.
  await (await current())?.unsubscribe();
  const registration = await navigator.serviceWorker.ready;
  const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const { endpoint, keys } = made.toJSON();
  try {
    await request("POST", "me/push", { body: { endpoint, p256dh: keys?.p256dh, auth: keys?.auth }, language });
  } catch (error) {
    await made.unsubscribe(); // on is only what the server knows of
    throw error;
  }
  return "on";
}

/** End the subscription of this browser, and tell the server. */
export async function turnPushOff(): Promise<PushState> {
  const made = await current();
  if (made) {
    await made.unsubscribe();
    await request("DELETE", "me/push", { body: { endpoint: made.endpoint }, language });
  }
  return "off";
}

/** End the subscription without the server, which hears of it from the push service: whoever signs in next on this phone
 * gets nothing that is for another. */
export async function dropPush(): Promise<void> {
  if (canPush()) await (await current())?.unsubscribe();
}

function bytes(key: string): Uint8Array<ArrayBuffer> {
  const text = atob(key.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
