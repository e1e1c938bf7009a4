// What every desk page runs. Each topic has a file of its own.
import htmx from "htmx.org";
import "htmx.org/dist/ext/hx-sse.js";
import { setUpFrame } from "./frame";
import { setUpLive } from "./live";

// Nothing here is ever evaluated from text: the content policy forbids it.
htmx.config.history = true;
setUpFrame();
setUpLive();
