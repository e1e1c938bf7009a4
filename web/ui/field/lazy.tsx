// Screens that come after the first one: drawn as soon as their file is there. It is fetched right after the start,
// and kept by the service worker: nobody waits for it when they need it.
import { h, type ComponentType, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "./texts";
import { Note, Screen } from "./ui";

type Rest = typeof import("./later");
let rest: Rest | null = null;

/** Fetches what is not there yet. */
export async function fetchRest(): Promise<Rest> {
  return (rest ??= await import("./later"));
}

type Props<K extends keyof Rest> = Rest[K] extends (props: infer P) => unknown ? P : never;

/** A screen of that file; `quiet`: shows nothing while it is not there. */
export function Later<K extends keyof Rest>({ screen, quiet, ...props }: { screen: K; quiet?: boolean } & Props<K>): JSX.Element | null {
  const [there, setThere] = useState(rest);
  const [away, setAway] = useState(false);
  useEffect(() => {
    if (there) return;
    let gone = false;
    const look = (): void => {
      setAway(false);
      fetchRest().then(
        (found) => void (gone || setThere(found)),
        () => void (gone || setAway(true)),
      );
    };
    look();
    window.addEventListener("online", look);
    return () => {
      gone = true;
      window.removeEventListener("online", look);
    };
  }, [there]);
  if (there) return h(there[screen] as unknown as ComponentType<object>, props);
  if (quiet) return null;
  if (!away) return <p class="starting">{t("正在打开…")}</p>;
  return (
    <Screen title={t("没有网络")} leave>
      <Note kind="warn">{t("这一页还没有保存在本机,有网络后自动打开")}</Note>
    </Screen>
  );
}
