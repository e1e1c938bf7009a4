// The first requests of a cold start, sent while the app is still loading; `request` takes their responses. This is a
// separate script that shares no code with the app, because it must load first. If the service worker has the app, the
// cached answers are there at once, and nothing is sent from here.

type Early = Map<string, Promise<Response>>;

const { language } = document.documentElement.dataset;
const headers = { "X-Gridloop": "1", "Accept-Language": language === "en" ? "en" : "zh-CN" };
const early: Early = ((globalThis as { early?: Early }).early = new Map());

function storeEarly(path: string, answer: Promise<Response>): void {
  answer.catch(() => undefined); // the caller that takes the response handles the failure
  early.set(path, answer);
}

function send(path: string): Promise<Response> {
  return fetch(new URL(`../api/v1/${path}`, location.href), { headers, credentials: "same-origin", cache: "no-store" });
}

if (!navigator.serviceWorker?.controller && !(globalThis as { begun?: boolean }).begun) {
  const me = send("me");
  storeEarly("me", me);
  // Only a signed-in person has tasks, and only the first screen needs them.
  const sendIfSignedIn = async (path: string): Promise<Response> => {
    if (!(await me).ok) throw new Error("not signed in");
    return send(path);
  };
  if (location.hash.length < 3) for (const path of ["inbox", "duties/mine", "notices?unread=true"]) storeEarly(path, sendIfSignedIn(path));
}

export {};
