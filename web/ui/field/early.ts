// The first questions of a cold start, sent while the app itself is still on its way; `ask` takes their answers. It is a
// script of its own, with nothing in it that the app has too: it must be there first.
// Where the service worker has the app already, what was last known is there at once, and nothing is sent from here.

type Early = Map<string, Promise<Response>>;

const { language } = document.documentElement.dataset;
const headers = { "X-Gridloop": "1", "Accept-Language": language === "en" ? "en" : "zh-CN" };
const early: Early = ((globalThis as { early?: Early }).early = new Map());

function storeEarly(path: string, answer: Promise<Response>): void {
  answer.catch(() => undefined); // who takes it hears of that
  early.set(path, answer);
}

function send(path: string): Promise<Response> {
  return fetch(new URL(`../api/v1/${path}`, location.href), { headers, credentials: "same-origin", cache: "no-store" });
}

if (!navigator.serviceWorker?.controller && !(globalThis as { begun?: boolean }).begun) {
  const me = send("me");
  storeEarly("me", me);
  // Only who is signed in has tasks; other screens than the first do not ask for them.
  const sendIfSignedIn = async (path: string): Promise<Response> => {
    if (!(await me).ok) throw new Error("not signed in");
    return send(path);
  };
  if (location.hash.length < 3) for (const path of ["inbox", "notices?unread=true"]) storeEarly(path, sendIfSignedIn(path));
}

export {};
