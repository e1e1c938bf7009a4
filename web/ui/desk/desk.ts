// The script of every page with the menu. Lists and cases have more: `work.ts`, `case_page.ts`.
import htmx from "htmx.org";
import "htmx.org/dist/ext/hx-sse.js";
import { setUpBell } from "./bell";
import { setUpConnection } from "./connection";
import { setUpDrafts } from "./draft";
import { setUpFrame } from "./frame";
import { setUpHolding } from "./holding";
import { setUpKeyboard } from "./keyboard";
import { setUpLive } from "./live";
import { rememberList } from "./neighbours";
import { setUpPhotos } from "./photos";

// Nothing is evaluated from text: the content policy forbids it.
htmx.config.history = true;
document.documentElement.classList.add("js");
setUpConnection();
setUpFrame();
setUpLive();
setUpBell();
setUpDrafts();
setUpHolding();
setUpPhotos();
rememberList();
setUpKeyboard();
