// Diagnostic information for telephone support, which can be copied.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { formatExact } from "../words/moments";
import { items } from "../store/outbox";
import { currentSession } from "../server/session";
import { localStore } from "../store/database";
import { isPending } from "../store/item_states";
import { language, t } from "../words/texts";
import { Note, Screen, useStored } from "../parts/ui";

type Line = [string, string];

const yesNo = (there: boolean): string => (there ? t("是") : t("否"));
const megabytes = (bytes?: number): string => (bytes === undefined ? "?" : `${(bytes / 1e6).toFixed(1)} MB`);

async function readDiagnosis(): Promise<Line[]> {
  const all = await items();
  const room = (await navigator.storage?.estimate?.()) ?? {};
  const done = all.map(({ done_at }) => done_at ?? 0).filter(Boolean);
  const version = document.documentElement.dataset["version"] ?? "?";
  return [
    [t("版本"), version],
    [t("用户"), currentSession().me?.username ?? "—"],
    [t("登录有效"), yesNo(!currentSession().expired)],
    [t("网络"), navigator.onLine ? t("在线") : t("离线")],
    [t("安全连接 (HTTPS)"), yesNo(window.isSecureContext)],
    [t("离线启动 (Service Worker)"), yesNo(Boolean(navigator.serviceWorker?.controller))],
    [t("后台上传"), yesNo("SyncManager" in window)],
    [t("离线保存 (IndexedDB)"), yesNo((await localStore).durable)],
    [t("存储不会被系统清理"), yesNo((await navigator.storage?.persisted?.().catch(() => false)) ?? false)],
    [t("已用空间"), megabytes(room.usage)],
    [t("可用空间"), megabytes(room.quota)],
    [t("待上传"), String(all.filter(isPending).length)],
    [t("最近上传"), done.length ? formatExact(Math.max(...done)) : "—"],
    [t("定位"), yesNo("geolocation" in navigator)],
    [t("语言"), language],
    [t("屏幕"), `${window.innerWidth}×${window.innerHeight} @${window.devicePixelRatio}`],
    [t("浏览器"), navigator.userAgent],
    [t("时间"), formatExact(Date.now())],
  ];
}

export function Diagnosis(): JSX.Element {
  const lines = useStored(readDiagnosis, [] as Line[]);
  const [copied, setCopied] = useState<"" | "yes" | "no">("");
  const text = lines.map(([name, value]) => `${name}: ${value}`).join("\n");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied("yes");
    } catch {
      setCopied("no");
    }
  };
  return (
    <Screen title={t("诊断信息")} leave>
      <button type="button" class="primary wide" onClick={() => void copy()}>
        {t("复制")}
      </button>
      {copied === "yes" && (
        <Note kind="good" live>
          {t("已复制")}
        </Note>
      )}
      {copied === "no" && (
        <Note kind="warn" live>
          {t("浏览器不允许复制,请长按下面的文字")}
        </Note>
      )}
      <dl class="card lines">
        {lines.map(([name, value]) => (
          <div class="fact" key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Screen>
  );
}
