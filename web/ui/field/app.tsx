// The app: the current screen, the banners above it, and the bar at the bottom.
import type { JSX } from "preact";
import { bridge } from "./device/bridge";
import { countLate } from "./store/flushing";
import { LazyScreen } from "./lazy";
import { items } from "./store/outbox";
import { useRoute, type Route } from "./router";
import { Home } from "./screens/home";
import { mayReport, useSession } from "./server/session";
import { localStore } from "./store/database";
import { isPending } from "./store/item_states";
import { t } from "./words/texts";
import { Icon, useStored } from "./parts/ui";
import { applyUpdate, useUpdate } from "./updates";

/** The screens of the bottom bar; all others have a back arrow. */
const BAR = [
  { path: "", icon: "home", title: () => t("任务") },
  { path: "report", icon: "camera", title: () => t("上报") },
  { path: "outbox", icon: "upload", title: () => t("待传") },
  { path: "me", icon: "user", title: () => t("我") },
];

export function App(): JSX.Element {
  const route = useRoute();
  const { me } = useSession();
  const [first = ""] = route.parts;
  const signIn = !me || first === "sign-in";
  const inBar = !signIn && route.parts.length < 2 && BAR.some(({ path }) => path === first) && first !== "report";
  return (
    <div class={inBar ? "app with-bar" : "app"}>
      {!signIn && <Banners />}
      {/* The key makes a new person start with fresh screens. */}
      {signIn ? <LazyScreen screen="SignIn" /> : <CurrentScreen route={route} key={me.id} />}
      {inBar && <BottomBar path={first} />}
    </div>
  );
}

function CurrentScreen({ route }: { route: Route }): JSX.Element {
  const [first, second = ""] = route.parts;
  switch (first) {
    case "report":
      return <LazyScreen screen="Report" panel={second} item={route.query.get("item") ?? ""} kept={route.query.get("draft") ?? ""} key={route.query.toString()} />;
    case "sent":
      return <LazyScreen screen="Sent" id={second} key={second} />;
    case "outbox":
      return <LazyScreen screen="Outbox" />;
    case "task":
      return <LazyScreen screen="Task" case_no={second} command={route.parts[2] ?? ""} key={second} />;
    case "duties":
      return <LazyScreen screen="Duties" />;
    case "duty":
      return <LazyScreen screen="DutyPage" id={second} key={second} />;
    case "emergency":
      return <LazyScreen screen="EmergencyStep" run={second} step={route.parts[2] ?? ""} key={route.parts.join("/")} />;
    case "mine":
      return <LazyScreen screen="Mine" />;
    case "notices":
      return <LazyScreen screen="Notices" />;
    case "me":
      return <LazyScreen screen="MePage" />;
    case "diagnosis":
      return <LazyScreen screen="Diagnosis" />;
    default:
      return <Home />;
  }
}

async function countPending(): Promise<number> {
  return (await items()).filter(isPending).length;
}

function BottomBar({ path }: { path: string }): JSX.Element {
  const count = useStored(countPending, 0);
  const reports = mayReport(useSession().me);
  return (
    <nav class="tabs-bottom" aria-label={t("主菜单")}>
      {BAR.filter((entry) => reports || entry.path !== "report").map((entry) => (
        <a href={`#/${entry.path}`} aria-current={entry.path === path ? "page" : undefined} key={entry.path}>
          <span class="tab-icon">
            <Icon name={entry.icon} />
            {entry.path === "outbox" && count > 0 && (
              <span class="badge">
                {count}
                <span class="sr">{t("件待上传")}</span>
              </span>
            )}
          </span>
          {entry.title()}
        </a>
      ))}
    </nav>
  );
}

/** Warnings that are shown on every screen. */
function Banners(): JSX.Element | null {
  const { expired } = useSession();
  const late = useStored(countLate, 0);
  const durable = useStored(async () => (await localStore).durable, true);
  const updateReady = useUpdate();
  if (!expired && !late && durable && !updateReady) return null;
  return (
    <section class="banners" aria-label={t("提示")}>
      {late > 0 && (
        <a class="banner bad" href="#/outbox">
          <Icon name="error-triangle" />
          {t("有 %(n)s 件超过 24 小时未上传,请尽快联网", { n: late })}
        </a>
      )}
      {!durable && (
        <p class="banner warn">
          <Icon name="error-circle" />
          {t("此浏览器不能离线保存:请在有网络时上报,关闭页面前确认已受理")}
        </p>
      )}
      {expired && (
        <p class="banner warn">
          <Icon name="lock-on" />
          <span class="grow">{t("登录已过期:上报照常保存,登录后上传")}</span>
          <button type="button" onClick={() => bridge.login()}>
            {t("登录")}
          </button>
        </p>
      )}
      {updateReady && (
        <p class="banner">
          <Icon name="refresh" />
          <span class="grow">{t("有新版本,未上传的内容会保留")}</span>
          <button type="button" onClick={applyUpdate}>
            {t("更新")}
          </button>
        </p>
      )}
    </section>
  );
}
