// The person's notices from ladders.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { request } from "../server/request";
import { useCached } from "../server/cached";
import { formatShort } from "../words/moments";
import { t, codeLabel } from "../words/texts";
import type { MatterNotice, Notice } from "../types";
import { Cell, Empty, Note, Screen } from "../parts/ui";

export function Notices(): JSX.Element {
  const [read, setRead] = useState(0);
  const { value, fault } = useCached<{ items: Notice[]; matters?: MatterNotice[]; unread: number }>("notices", 60_000, read);
  const matters = value?.matters ?? [];
  const markRead = async (): Promise<void> => {
    try {
      const newest = [value?.items[0]?.at, value?.matters?.[0]?.at].filter((at) => at !== undefined).sort().pop();
      await request("POST", "notices/read", { body: { until: newest ?? null } });
      setRead(read + 1);
    } catch {
      // The notices stay unread, as the screen shows.
    }
  };
  return (
    <Screen title={t("通知")} leave>
      {!value && (fault === "away" ? <Note kind="warn">{t("没有网络,通知还没有保存在本机")}</Note> : <p class="muted">{t("正在读取…")}</p>)}
      {value && value.unread > 0 && (
        <button type="button" class="wide" onClick={() => void markRead()}>
          {t("全部标为已读 (%(n)s)", { n: value.unread })}
        </button>
      )}
      {matters.length > 0 && (
        <div class="cells">
          {matters.map((notice) => (
            <Cell href={notice.href} key={`${notice.at}${notice.code}`}>
              <strong class="cell-title">{notice.name}</strong>
              <span class="cell-line">
                {!notice.read && <span class="badge">{t("未读")}</span>}
                <span>{notice.text}</span>
                <span class="muted">{formatShort(notice.at)}</span>
              </span>
            </Cell>
          ))}
        </div>
      )}
      {value && !value.items.length && !matters.length && <Empty>{t("没有通知")}</Empty>}
      {value && value.items.length > 0 && (
        <div class="cells">
          {value.items.map((notice) => (
            <Cell href={`#/task/${notice.case.case_no}`} key={`${notice.at}${notice.case.case_no}`}>
              <strong class="cell-title">{notice.case.title}</strong>
              <span class="cell-line">
                {!notice.read && <span class="badge">{t("未读")}</span>}
                <span>{notice.mode === "act" ? t("升级:请接手") : t("升级:知会")}</span>
                <span class="muted">{codeLabel("stages", notice.case.stage)}</span>
                <span class="muted">{formatShort(notice.at)}</span>
              </span>
            </Cell>
          ))}
        </div>
      )}
    </Screen>
  );
}
