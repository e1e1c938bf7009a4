// Start of the field app: language, settings and session first, then the screens.
import { render } from "preact";
import { App } from "./app";
import { draftedPhotos } from "./store/drafts";
import { setUpFlushing } from "./store/flushing";
import { loadLaterScreens } from "./lazy";
import { cleanUp } from "./store/outbox";
import { openSession, userKnown } from "./server/session";
import { isLarge, saveSetting, pageFor, setLarge, preferredLanguage } from "./store/settings";
import { language } from "./words/texts";
import { setUpWorker } from "./updates";

async function start(place: Element): Promise<void> {
  setLarge(isLarge());
  const opened = openSession();
  // Until then the shell shows that the app is opening.
  await Promise.race([userKnown, opened]);
  render(<App />, place);
  await opened;
  setUpFlushing();
  void loadLaterScreens().catch(() => undefined);
  void setUpWorker();
  void navigator.storage?.persist?.().catch(() => false);
  void draftedPhotos().then(cleanUp);
}

const preferred = preferredLanguage();
const place = document.getElementById("app");
if (preferred !== language) {
  saveSetting("language", preferred);
  location.replace(pageFor(preferred) + location.hash);
} else if (place) void start(place);
