// F1: the report button and the tasks, the most urgent first.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useCached, type CachedState } from "../server/cached";
import { timeLeftText, formatShort } from "../words/moments";
import { items } from "../store/outbox";
import { prefetch } from "../server/prefetch";
import { mayReport, useSession } from "../server/session";
import { isPending } from "../store/item_states";
import { t, codeLabel } from "../words/texts";
import type { InboxItem, Me } from "../types";
import { LazyScreen } from "../lazy";
import { prefetchEssentials } from "../places/units";
import { DutyList } from "../parts/duties";
import { Cell, Empty, Icon, Light, Note, Screen, useStored, useOnline } from "../parts/ui";

const REFRESH_INTERVAL = 60_000;
/** The headings of the task list and their task kinds, in order. */
const TASK_GROUPS: [() => string, string[]][] = [
  [() => t("核实"), ["accept", "verify", "supply_info"]],
  [() => t("核查"), ["review"]],
  [() => t("处置"), ["handle", "co_handle", "respond", "answer_urge"]],
];

export function Home(): JSX.Element {
  const { me } = useSession();
  const inbox = useCached<InboxItem[]>("inbox", REFRESH_INTERVAL, me?.id);
  const notices = useCached<{ calling: number }>("notices?unread=true", REFRESH_INTERVAL, me?.id);
  const [prefetched, setPrefetched] = useState<[number, number]>([0, 0]);
  useEffect(() => {
    if (!inbox.fresh || !inbox.value) return;
    const stop = new AbortController();
    void prefetchEssentials();
    void prefetch(inbox.value, stop.signal, (done, all) => setPrefetched([done, all]));
    return () => stop.abort();
  }, [inbox.value, inbox.fresh]);
  const unread = notices.value?.calling ?? 0;
  return (
    <Screen title={t("网格事件")} side={<SyncChip />}>
      <p class="hello">{me && <UserLine me={me} />}</p>
      {mayReport(me) && (
        <a class="button primary big" href="#/report">
          <Icon name="camera" />
          {t("拍照上报")}
        </a>
      )}
      <div class="cells">
        <Cell href="#/mine">
          <Icon name="history" /> {t("我的上报")}
        </Cell>
        <Cell href="#/notices" side={unread > 0 ? <span class="badge">{t("%(n)s 条未读", { n: unread })}</span> : undefined}>
          <Icon name="notification" /> {t("通知")}
        </Cell>
      </div>
      <LazyScreen screen="EmergencySteps" quiet />
      <DutyList me={me} />
      <Tasks inbox={inbox} />
      {prefetched[1] > 0 && (
        <p class="hint" role="status">
          {prefetched[0] < prefetched[1] ? t("正在为离线保存任务 %(done)s/%(all)s", { done: prefetched[0], all: prefetched[1] }) : t("任务已可离线打开 ✓")}
        </p>
      )}
    </Screen>
  );
}

function UserLine({ me }: { me: Me }): JSX.Element {
  const unit = me.roles.find(({ grid }) => grid)?.grid ?? null;
  const known = useCached<{ name: string }>(unit && `grids/${unit}`);
  const roles = [...new Set(me.roles.map(({ role }) => codeLabel("roles", role)))].join(" · ");
  return (
    <>
      <strong>{me.name || me.username}</strong> <span class="muted">{[known.value?.name, roles].filter(Boolean).join(" · ")}</span>
    </>
  );
}

/** Shows whether the phone is online and how many items are pending. */
export function SyncChip(): JSX.Element {
  const online = useOnline();
  const waiting = useStored(async () => (await items()).filter(isPending).length, 0);
  if (!online)
    return (
      <span class="chip sync off" role="status">
        <Icon name="wifi-off" />
        {t("离线")}
      </span>
    );
  return (
    <span class="chip sync" role="status">
      <Icon name="cloud" />
      {waiting ? t("%(n)s 件待传", { n: waiting }) : t("在线")}
    </span>
  );
}

function Tasks({ inbox }: { inbox: CachedState<InboxItem[]> }): JSX.Element {
  const { value, at, fresh, fault } = inbox;
  if (!value) {
    if (fault === "away") return <Note kind="warn">{t("没有网络,任务列表还没有保存在本机")}</Note>;
    return fault ? <Note kind="bad">{fault.detail}</Note> : <p class="muted">{t("正在读取任务…")}</p>;
  }
  const sorted = [...value].sort((one, other) => (one.due_at ?? "9").localeCompare(other.due_at ?? "9"));
  const rest = sorted.filter(({ task }) => !TASK_GROUPS.some(([, kinds]) => kinds.includes(task)));
  const groups = [...TASK_GROUPS.map(([title, kinds]) => [title(), sorted.filter(({ task }) => kinds.includes(task))] as const), [t("督看与审批"), rest] as const];
  return (
    <>
      <h2 class="list-head">
        {t("我的任务 (%(n)s)", { n: value.length })}
        {at && <span class="hint">{t("更新于 %(time)s", { time: formatShort(at) })}</span>}
      </h2>
      {!fresh && fault === "away" && <p class="hint">{t("没有网络:显示的是上次的列表")}</p>}
      {!value.length && <Empty>{t("今天没有任务")}</Empty>}
      {groups.map(
        ([title, tasks]) =>
          tasks.length > 0 && (
            <section key={title}>
              <h3 class="list-kind">{title}</h3>
              <div class="cells">
                {tasks.map((item) => (
                  <TaskCell item={item} key={`${item.case.case_no}:${item.task}`} />
                ))}
              </div>
            </section>
          ),
      )}
    </>
  );
}

function TaskCell({ item }: { item: InboxItem }): JSX.Element {
  const { case: about } = item;
  const late = item.due_at !== null && new Date(item.due_at).getTime() < Date.now();
  const left = late || about.overdue ? t("已超期") : timeLeftText(about);
  return (
    <Cell href={`#/task/${about.case_no}`}>
      <strong class="cell-title">{about.title}</strong>
      <span class="cell-line">
        <Light light={late ? "red" : about.light}>{left || t("无时限")}</Light>
        <span class="muted">{codeLabel("tasks", item.task)}</span>
        {about.round > 1 && <span class="tag">{t("第 %(n)s 轮", { n: about.round })}</span>}
      </span>
      <span class="cell-line muted">
        {about.grid_name} · {about.case_no}
      </span>
    </Cell>
  );
}
