// Commands are held back for some seconds before they are sent, so that they can be taken back (撤销). Which ones:
// `web/views/case/taking_back.py`. A held command is kept in the browser's storage until the server has answered: one that is
// left behind with its page is sent at once, and asked for again on the next page. Its id makes it count once.

/** Milliseconds after which a command that could not be sent is only told about: the case may have changed. */
const TOO_OLD = 600_000;
const RETRY = 15_000;
const PREFIX = "held:";

export interface Held {
  id: string;
  person: string;
  address: string;
  body: string;
  label: string;
  /** The case that it is for; empty for a command to many. */
  no: string;
  command: string;
  /** When it is sent, in milliseconds since 1970. */
  due: number;
  left?: boolean;
}

interface Waiting {
  held: Held;
  form: HTMLFormElement;
  submitter: HTMLElement | null;
  line: HTMLElement;
  timer: number;
}

const waiting: Waiting[] = [];
/** Commands that their forms have sent, until the answer is shown. */
const sentByForm = new WeakMap<Element, string>();
const lines = (): HTMLElement | null => document.getElementById("held");
const words = (name: string): string => lines()?.dataset[name] ?? "";

function save(held: Held): void {
  try {
    localStorage.setItem(PREFIX + held.id, JSON.stringify(held));
  } catch {
    // Storage is full or off: the command is still sent by this page.
  }
}

const forget = (id: string): void => localStorage.removeItem(PREFIX + id);

function saved(): Held[] {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(PREFIX))
    .map((key) => JSON.parse(localStorage.getItem(key) ?? "null") as Held | null)
    .filter((held): held is Held => held !== null && held.person === document.body.dataset["person"]);
}

/** The content of a form as text. Null if it has files, which only the form itself can send. */
function bodyOf(form: HTMLFormElement, submitter: HTMLElement | null): URLSearchParams | null {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") body.append(name, value);
    else if (value.size > 0) return null;
  }
  if (submitter instanceof HTMLButtonElement && submitter.name) body.append(submitter.name, submitter.value);
  body.set("confirmed", "1");
  return body;
}

function addLine(kind: string): HTMLElement {
  const line = document.createElement("div");
  line.className = `held-line ${kind}`;
  lines()?.append(line);
  return line;
}

function addButton(line: HTMLElement, word: string, key: string, act: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = word;
  if (key) {
    const sign = document.createElement("kbd");
    sign.textContent = key;
    button.append(" ", sign);
  }
  button.addEventListener("click", act);
  line.append(button);
  return button;
}

/** Announce something about a command: `held`, `undone` or `sent`. Pages go on by these. */
function announce(what: "held" | "undone" | "sent", held: Held, form: HTMLFormElement | null): void {
  document.dispatchEvent(new CustomEvent(`gridloop:${what}`, { detail: { held, form } }));
}

function hold(form: HTMLFormElement, submitter: HTMLElement | null, body: URLSearchParams): void {
  const seconds = Number(form.dataset["hold"]);
  const held: Held = {
    id: body.get("command_id") ?? body.get("batch") ?? "",
    person: document.body.dataset["person"] ?? "",
    address: form.getAttribute("action") ?? "",
    body: body.toString(),
    label: submitter?.dataset["label"] ?? form.dataset["label"] ?? "",
    no: form.dataset["case"] ?? "",
    command: submitter?.dataset["command"] ?? form.dataset["command"] ?? "",
    due: Date.now() + seconds * 1000,
  };
  save(held);
  form.dataset["held"] = "";
  form.inert = true;
  const line = addLine("waiting");
  const text = document.createElement("span");
  text.textContent = words("waiting").replace("{what}", held.label);
  const bar = document.createElement("progress");
  bar.max = seconds * 1000;
  bar.setAttribute("aria-hidden", "true");
  line.append(text, bar);
  const one: Waiting = { held, form, submitter, line, timer: 0 };
  addButton(line, words("undo"), "u", () => undo(one)).dataset["undo"] = "";
  addButton(line, words("now"), "", () => release(one));
  const step = (): void => {
    bar.value = Math.max(0, held.due - Date.now());
    if (Date.now() >= held.due) release(one);
  };
  one.timer = window.setInterval(step, 200);
  step();
  waiting.push(one);
  announce("held", held, form);
}

function stop(one: Waiting): boolean {
  window.clearInterval(one.timer);
  const place = waiting.indexOf(one);
  if (place < 0) return false;
  waiting.splice(place, 1);
  one.line.remove();
  if (!isItsForm(one)) return true;
  delete one.form.dataset["held"];
  one.form.inert = false;
  return true;
}

function undo(one: Waiting): void {
  if (!stop(one)) return;
  forget(one.held.id);
  announce("undone", one.held, one.form);
  if (isItsForm(one)) one.form.querySelector<HTMLElement>("textarea, [data-send]")?.focus();
}

/** Whether the form is still that of the command: a page that shows another case uses the same element for its form. */
const isItsForm = ({ form, held }: Waiting): boolean =>
  form.isConnected && form.querySelector<HTMLInputElement>('[name="command_id"], [name="batch"]')?.value === held.id;

/** Send it now: by its form, which shows the answer, or without it if the page shows something else meanwhile. */
function release(one: Waiting): void {
  if (!stop(one)) return;
  if (!isItsForm(one) || !one.form.hasAttribute("hx-post")) return void send(one.held);
  save({ ...one.held, left: true });
  sentByForm.set(one.form, one.held.id);
  sendNow(one.form, one.submitter);
}

/** Send a command without its form. A refusal is told with a link to the case, where the typed text still is. */
async function send(held: Held): Promise<void> {
  let answer: Response;
  try {
    const headers = { "HX-Request": "true", "Content-Type": "application/x-www-form-urlencoded" };
    answer = await fetch(held.address, { method: "POST", body: held.body, headers, keepalive: true });
  } catch {
    save({ ...held, left: true });
    window.setTimeout(settle, RETRY);
    return tell(held, words("later"), "waiting");
  }
  const place = answer.headers.get("HX-Redirect") ?? (answer.redirected ? new URL(answer.url).pathname : "");
  if (answer.status === 401 || answer.status >= 500 || place.startsWith("/sign-in")) {
    save({ ...held, left: true });
    return tell(held, words("later"), "waiting");
  }
  forget(held.id);
  if (answer.ok) tell(held, words("done"), "good");
  else tell(held, words("refused"), "bad", await reasonIn(answer));
  announce("sent", held, null);
}

async function reasonIn(answer: Response): Promise<string> {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const said = [...page.querySelectorAll('[role="alert"], .fault')].map((one) => (one.textContent ?? "").replace(/\s+/g, " ").trim());
  return said.find(Boolean) ?? "";
}

/** `kind`: `waiting` (it goes away when the command is sent), `good` (for some seconds) or `bad` (until it is closed). */
function tell(held: Held, text: string, kind: "waiting" | "good" | "bad", reason = ""): void {
  document.querySelectorAll(`[data-held-id="${CSS.escape(held.id)}"]`).forEach((old) => old.remove());
  const line = addLine(kind);
  line.dataset["heldId"] = held.id;
  const said = document.createElement("span");
  said.textContent = text.replace("{what}", held.label) + (reason ? ` ${reason}` : "");
  line.append(said);
  if (held.no) {
    const link = document.createElement("a");
    link.href = kind === "bad" ? `/cases/${held.no}?act=${held.command}#action` : `/cases/${held.no}`;
    link.className = "mono";
    link.textContent = held.no;
    line.append(" ", link);
  }
  if (kind === "bad") line.setAttribute("role", "alert");
  if (kind === "good") window.setTimeout(() => line.remove(), 8000);
  else if (kind === "bad") addButton(line, words("close"), "", () => line.remove());
}

/** Ask again for what an earlier page left behind, whether it had been sent or not. */
export function settle(): void {
  for (const held of saved()) {
    if (waiting.some((one) => one.held.id === held.id)) continue;
    if (!held.left && held.due + 3000 > Date.now()) continue; // another tab holds it
    if (Date.now() - held.due < TOO_OLD) void send(held);
    else {
      forget(held.id);
      tell(held, words("old"), "bad");
    }
  }
}

/** The page is left: nothing held is lost. The next page asks for the answers. */
function leave(): void {
  for (const one of [...waiting]) {
    if (!stop(one)) continue;
    save({ ...one.held, left: true });
    navigator.sendBeacon(one.held.address, new URLSearchParams(one.held.body));
  }
}

/** Send a form without holding it. Not at once: while a form's submit event is handled, it can't be submitted again. */
function sendNow(form: HTMLFormElement, submitter: HTMLElement | null): void {
  window.setTimeout(() => {
    form.dataset["released"] = "";
    form.requestSubmit(submitter?.isConnected ? submitter : null);
  });
}

/** A form was submitted: hold it back, ask first, or send it. */
export function take(form: HTMLFormElement, submitter: HTMLElement | null): void {
  if ("held" in form.dataset) return;
  const ask = submitter?.dataset["ask"] ?? form.dataset["ask"];
  if (ask && !window.confirm(ask)) return;
  const body = Number(form.dataset["hold"]) ? bodyOf(form, submitter) : null;
  if (body) hold(form, submitter, body);
  else sendNow(form, submitter);
}

function setUp(): void {
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", settle);
  window.addEventListener("online", settle);
  document.addEventListener("submit", (event) => {
    if ((event.target as HTMLFormElement).getAttribute("action") === "/sign-out") leave();
  }, true);
  // The form itself shows the answer.
  document.addEventListener("htmx:before:swap", (event) => {
    const source = (event as CustomEvent<{ ctx?: { sourceElement?: Element } }>).detail.ctx?.sourceElement;
    const id = source && sentByForm.get(source);
    if (id) forget(id);
  });
}

setUp();
