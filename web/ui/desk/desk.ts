// What every desk page runs. Each topic has a file of its own.
import htmx from "htmx.org";
import "htmx.org/dist/ext/hx-sse.js";
import { setUpCase } from "./case";
import { setUpDrafts } from "./draft";
import { setUpFrame } from "./frame";
import { setUpIntake } from "./intake";
import { setUpKeyboard } from "./keyboard";
import { setUpLive } from "./live";
import { setUpQueue } from "./queue";
import { setUpRows } from "./rows";
import { setUpUploads } from "./upload";

// Nothing here is ever evaluated from text: the content policy forbids it.
htmx.config.history = true;
document.documentElement.classList.add("js");
setUpFrame();
setUpLive();
setUpDrafts();
setUpQueue();
setUpRows();
setUpCase();
setUpIntake();
setUpUploads();
setUpKeyboard();
