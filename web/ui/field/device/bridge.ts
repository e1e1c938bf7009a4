// What the app needs from the program that shows it. This implementation works in a plain browser; a native app that
// wraps the page can bring its own.
import { replaceRoute } from "../router";

export interface Place {
  lat: number;
  lon: number;
  /** Metres. */
  accuracy: number;
}

export type PlaceFault = "denied" | "unavailable" | "insecure";

export interface Bridge {
  /** Lets the person sign in. */
  login(): void;
  /** The location of the phone, WGS 84; `refresh`: no cached location. Throws PlaceError. */
  getLocation(refresh?: boolean): Promise<Place>;
  /** Pictures from the camera or the album. Empty if the person cancels. */
  chooseImage(from: "camera" | "album"): Promise<File[]>;
  /** Closes the app. */
  close(): void;
}

export class PlaceError extends Error {
  constructor(readonly fault: PlaceFault) {
    super(fault);
  }
}

const LOCATION_TIMEOUT = 20_000;

export const webBridge: Bridge = {
  login: () => replaceRoute("sign-in"),
  getLocation(refresh = false) {
    if (!window.isSecureContext) return Promise.reject(new PlaceError("insecure"));
    if (!navigator.geolocation) return Promise.reject(new PlaceError("unavailable"));
    return new Promise((done, failed) =>
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => done({ lat: coords.latitude, lon: coords.longitude, accuracy: coords.accuracy }),
        (error) => failed(new PlaceError(error.code === error.PERMISSION_DENIED ? "denied" : "unavailable")),
        { enableHighAccuracy: true, timeout: LOCATION_TIMEOUT, maximumAge: refresh ? 0 : 15_000 },
      ),
    );
  },
  chooseImage(from) {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = from === "album" ? "image/*,video/mp4,video/quicktime" : "image/*";
    if (from === "camera") input.setAttribute("capture", "environment");
    else input.multiple = true;
    input.hidden = true;
    document.body.append(input); // some webviews do not open the picker of an input outside the document
    return new Promise((done) => {
      const finish = (): void => {
        done([...(input.files ?? [])]);
        input.remove();
      };
      input.addEventListener("change", finish);
      input.addEventListener("cancel", finish);
      input.click();
    });
  },
  close: () => history.back(),
};

export const bridge: Bridge = webBridge;
