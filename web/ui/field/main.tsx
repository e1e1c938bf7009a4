// The field app: language, settings and session first, then the screens.
import { render } from "preact";
import { App } from "./app";
import { draftedPhotos } from "./drafts";
import { setUpFlushing } from "./flushing";
import { fetchRest } from "./lazy";
import { tidy } from "./outbox";
import { openSession, whenKnown } from "./session";
import { isLarge, keep, pageOf, setLarge, wantedLanguage } from "./settings";
import { language } from "./texts";
import { setUpWorker } from "./updates";

async function start(place: Element): Promise<void> {
  setLarge(isLarge());
  const opened = openSession();
  // Until then the shell says that it is opening.
  await Promise.race([whenKnown, opened]);
  render(<App />, place);
  await opened;
  setUpFlushing();
  void fetchRest().catch(() => undefined);
  void setUpWorker();
  void navigator.storage?.persist?.().catch(() => false);
  void draftedPhotos().then(tidy);
}

const wanted = wantedLanguage();
const place = document.getElementById("app");
if (wanted !== language) {
  keep("language", wanted);
  location.replace(pageOf(wanted) + location.hash);
} else if (place) void start(place);
