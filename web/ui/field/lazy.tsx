// Screens that are loaded after the first one. Their bundle is fetched right after the start and cached by the service
// worker, so that it is there when it is needed.
import { h, type ComponentType, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "./words/texts";
import { Note, Screen } from "./parts/ui";

type LaterScreens = typeof import("./later");
let laterScreens: LaterScreens | null = null;

/** Load the bundle, unless it is loaded. */
export async function loadLaterScreens(): Promise<LaterScreens> {
  return (laterScreens ??= await import("./later"));
}

type Props<K extends keyof LaterScreens> = LaterScreens[K] extends (props: infer P) => unknown ? P : never;

/** A screen of the bundle; `quiet`: show nothing while it is loading. */
export function LazyScreen<K extends keyof LaterScreens>({ screen, quiet, ...props }: { screen: K; quiet?: boolean } & Props<K>): JSX.Element | null {
  const [loaded, setLoaded] = useState(laterScreens);
  const [away, setAway] = useState(false);
  useEffect(() => {
    if (loaded) return;
    let unmounted = false;
    const load = (): void => {
      setAway(false);
      loadLaterScreens().then(
        (found) => void (unmounted || setLoaded(found)),
        () => void (unmounted || setAway(true)),
      );
    };
    load();
    window.addEventListener("online", load);
    return () => {
      unmounted = true;
      window.removeEventListener("online", load);
    };
  }, [loaded]);
  if (loaded) return h(loaded[screen] as unknown as ComponentType<object>, props);
  if (quiet) return null;
  if (!away) return <p class="starting">{t("正在打开…")}</p>;
  return (
    <Screen title={t("没有网络")} leave>
      <Note kind="warn">{t("这一页还没有保存在本机,有网络后自动打开")}</Note>
    </Screen>
  );
}
