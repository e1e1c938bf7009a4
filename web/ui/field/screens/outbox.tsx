// F3: the items that are not yet recorded, each with its state; the drafts; and the items that are done.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { formatExact, formatShort, formatMinutes } from "../words/moments";
import { bridge } from "../device/bridge";
import { dropDraft, ownDrafts } from "../store/drafts";
import { newId } from "../store/ids";
import { deleteItem, enqueue, flush, items, type Photo } from "../store/outbox";
import { isWorthKeeping, type ReportDraft } from "../store/report_draft";
import { navigate } from "../router";
import { useSession } from "../server/session";
import { localStore } from "../store/database";
import { isPending, isOutdated, LATE_AFTER, percent, type Item } from "../store/item_states";
import { t, codeLabel } from "../words/texts";
import { Empty, Icon, Note, Screen, ConfirmButton, useStored, useOnline } from "../parts/ui";
import { Thumb } from "../parts/pictures";

interface OutboxContent {
  items: Item[];
  bytes: number;
}

async function readOutbox(): Promise<OutboxContent> {
  const photos = await (await localStore).all<Photo>("photos");
  return { items: await items(), bytes: photos.reduce((sum, { data }) => sum + data.byteLength, 0) };
}

export function Outbox(): JSX.Element {
  const { me } = useSession();
  const all = useStored<OutboxContent | null>(readOutbox, null);
  const online = useOnline();
  const mine = all?.items.filter(({ by }) => by === me?.id) ?? [];
  const waiting = mine.filter(isPending);
  const done = mine.filter((item) => !isPending(item)).reverse();
  const others = (all?.items ?? []).filter((item) => isPending(item) && item.by !== me?.id);
  const oldest = waiting[0];
  return (
    <Screen title={t("待上传")}>
      {all && waiting.length > 0 && (
        <div class="card stack-s">
          <p>
            <strong>{t("%(n)s 件待上传", { n: waiting.length })}</strong>{" "}
            <span class="muted">
              {t("%(mb)s MB", { mb: (all.bytes / 1e6).toFixed(1) })}
              {oldest && ` · ${t("最早 %(span)s前", { span: formatMinutes((Date.now() - oldest.made_at) / 60_000) })}`}
            </span>
          </p>
          <button type="button" class="primary wide" onClick={() => void flush(true)}>
            <Icon name="upload" />
            {t("全部上传")}
          </button>
          {!online && <p class="hint">{t("没有网络:有网络后自动上传")}</p>}
        </div>
      )}
      {all && !waiting.length && <Empty>{t("全部已上传 ✓")}</Empty>}
      {others.length > 0 && <Note kind="warn">{t("另有 %(n)s 件属于 %(who)s,由本人登录后上传", { n: others.length, who: [...new Set(others.map(({ by_name }) => by_name))].join(", ") })}</Note>}
      <ul class="plain stack">
        {waiting.map((item) => (
          <PendingItem item={item} key={item.id} />
        ))}
      </ul>
      <Drafts />
      {done.length > 0 && (
        <section>
          <h2 class="list-head">{t("已上传 (今日 %(n)s)", { n: done.filter(isToday).length })}</h2>
          <ul class="plain cells">
            {done.map((item) => (
              <li key={item.id}>
                <a class="cell" href={item.duty ? `#/duty/${item.duty}` : `#/task/${item.case_no}`}>
                  <span class="cell-main">
                    <span class="cell-title">{item.title}</span>
                    <span class="cell-line muted">
                      <span class="light light-closed">✓ {t("已受理")}</span> {item.case_no} · {formatShort(item.done_at ?? item.made_at)}
                    </span>
                  </span>
                  <Icon name="chevron-right" />
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </Screen>
  );
}

/** The drafts of reports and of answers to tasks. */
function Drafts(): JSX.Element | null {
  const [dropped, setDropped] = useState(0);
  const drafts = useStored(async () => (await ownDrafts()).filter(({ name, value }) => !/^new/.test(name) || isWorthKeeping(value as ReportDraft)), [], dropped);
  if (!drafts.length) return null;
  const drop = async (name: string): Promise<void> => {
    await dropDraft(name);
    setDropped(dropped + 1);
  };
  return (
    <section class="stack-s">
      <h2 class="list-head">{t("草稿 (%(n)s)", { n: drafts.length })}</h2>
      <ul class="plain stack">
        {drafts.map(({ name, value, at }) => (
          <li class="card stack-s" key={name} data-draft={name}>
            <p>
              <strong class="cell-title">{draftTitle(name, value)}</strong> {at > 0 && <span class="muted">{formatShort(at)}</span>}
            </p>
            <div class="row">
              <button type="button" onClick={() => navigate(draftRoute(name))}>
                <Icon name="edit" />
                {t("继续填写")}
              </button>
              <ConfirmButton label={t("删除…")} sure={t("删除后无法找回。")} onSure={() => void drop(name)} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function draftTitle(name: string, value: unknown): string {
  const [kind, about, command] = name.split(":");
  if (kind === "answer") return `${codeLabel("commands", command)} · ${about}`;
  if (kind === "duty") return (value as { title: string }).title;
  const { description, grid_name, photos } = value as ReportDraft;
  const said = description?.trim() ? description.trim().slice(0, 30) : t("未填写描述");
  return [kind === "edit" ? t("修改上报") : "", said, grid_name, photos?.length ? t("%(n)s 张照片", { n: photos.length }) : ""].filter(Boolean).join(" · ");
}

/** The route where a draft is continued. */
function draftRoute(name: string): string {
  const [kind, about, command, item] = name.split(":");
  if (kind === "answer") return `task/${about}/${command}${item ? `?item=${item}` : ""}`;
  if (kind === "edit") return `report?item=${about}`;
  if (kind === "duty") return `duty/${about}`;
  return about ? `report?draft=${about}` : "report";
}

function isToday(item: Item): boolean {
  return new Date(item.done_at ?? 0).toDateString() === new Date().toDateString();
}

/** The label of the item's state. */
export function stateLabel(item: Item): string {
  switch (item.state) {
    case "waiting":
      return item.tries ? t("等待重试") : t("等待");
    case "sending":
      return t("上传中 %(n)s%", { n: percent(item) });
    case "stored":
      return t("已保存在服务器,待登记");
    case "rejected":
      return t("被拒");
    case "sign_in":
      return t("需登录");
    case "done":
      return t("已受理");
  }
}

const ICONS: Record<Item["state"], string> = {
  waiting: "time",
  sending: "upload",
  stored: "cloud",
  rejected: "close-circle",
  sign_in: "lock-on",
  done: "check-circle",
};

function PendingItem({ item }: { item: Item }): JSX.Element {
  const late = Date.now() - item.made_at > LATE_AFTER;
  return (
    <li class={`card item item-${item.state}`} data-id={item.id}>
      <div class="item-head">
        {item.photos[0] && <Thumb id={item.photos[0]} />}
        <div class="grow">
          <strong class="cell-title">{item.title}</strong>
          <p class="cell-line">
            <span class={`state state-${item.state}`}>
              <Icon name={ICONS[item.state]} />
              {stateLabel(item)}
            </span>
            <time class={late ? "late" : "muted"} title={formatExact(item.made_at)}>
              {formatShort(item.made_at)}
            </time>
          </p>
        </div>
      </div>
      {item.state === "sending" && <progress max={100} value={percent(item)} aria-label={t("上传进度")} />}
      {item.state === "rejected" && <Rejected item={item} />}
      {item.state === "sign_in" && (
        <button type="button" class="wide" onClick={() => bridge.login()}>
          {t("登录后上传")}
        </button>
      )}
      {item.state !== "sending" && item.state !== "stored" && (
        <div class="row">
          {item.state === "rejected" && (
            <button type="button" onClick={() => navigate(editRoute(item))}>
              <Icon name="edit" />
              {t("修改")}
            </button>
          )}
          <ConfirmButton label={t("删除…")} sure={t("删除后无法找回。")} onSure={() => void deleteItem(item.id)} />
        </div>
      )}
    </li>
  );
}

/** The route where a refused item is corrected. */
function editRoute(item: Item): string {
  if (item.kind === "duty") return `duty/${item.duty}?item=${item.id}`;
  return item.kind === "report" ? `report?item=${item.id}` : `task/${item.case_no}/${item.command}?item=${item.id}`;
}

function Rejected({ item }: { item: Item }): JSX.Element {
  const outdated = isOutdated(item);
  return (
    <div class="alert stack-s">
      <p>{item.code === "photo_gone" ? t("照片已不在本机,请重新拍照") : item.reason}</p>
      {outdated && item.code !== "not_yours" && <p>{t("案件在此期间已有变化(改派、已由他人办理或已进入下一环节),“%(what)s”没有生效。", { what: codeLabel("commands", item.command) })}</p>}
      {item.code === "not_yours" && <p>{t("“%(what)s”没有生效:您没有这项权限,或案件已改派。", { what: codeLabel("commands", item.command) })}</p>}
      {outdated && item.status !== 404 && textOf(item) && (
        <button type="button" class="wide" onClick={() => void keepAsNote(item)}>
          {t("作为批注保留在案件上")}
        </button>
      )}
    </div>
  );
}

function textOf(item: Item): string {
  return ["note", "reason", "result"].map((name) => item.body[name]).find((text): text is string => typeof text === "string" && text !== "") ?? "";
}

/** Replace an answer that came too late by a comment on the case, with its text and photos. */
async function keepAsNote(item: Item): Promise<void> {
  const note = `${codeLabel("commands", item.command)}: ${textOf(item)}`.slice(0, 2000);
  const withPhotos = item.photos.length > 0;
  const noteItem: Item = {
    ...item,
    id: newId(),
    command: withPhotos ? "attach" : "comment",
    photo_field: "attachments",
    body: { note },
    state: "waiting",
    tries: 0,
    next_at: 0,
    code: undefined,
    reason: undefined,
    status: undefined,
  };
  await enqueue(noteItem);
  await (await localStore).remove("outbox", item.id);
  await flush(true);
}
