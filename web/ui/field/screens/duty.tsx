// One duty: item by item ok, failed (with photo) or not applicable. Three taps when all is well: open it, all ok, submit.
// It opens without a network, and what was found is sent through the outbox.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { bridge, type Place } from "../device/bridge";
import { dropDraft, useDraft } from "../store/drafts";
import { Fault } from "../parts/fault";
import { DutyState, useDuties } from "../parts/duties";
import { NeedsForm, type DraftNeed } from "../parts/needs";
import { newId } from "../store/ids";
import { formatShort } from "../words/moments";
import { enqueue, flush } from "../store/outbox";
import type { DraftPhoto } from "../store/report_draft";
import { currentRoute, goBack } from "../router";
import { useSession } from "../server/session";
import { StorageFull, localStore } from "../store/database";
import type { Item } from "../store/item_states";
import { language, t } from "../words/texts";
import type { Checklist, Duty, Me } from "../types";
import { Note, Screen } from "../parts/ui";
import { Photos } from "./photos";

type Outcome = "ok" | "failed" | "not_applicable";
const OUTCOMES: [Outcome, () => string][] = [
  ["ok", () => t("合格")],
  ["failed", () => t("不合格")],
  ["not_applicable", () => t("不适用")],
];

interface Found {
  outcome?: Outcome;
  note?: string;
  photos?: DraftPhoto[];
}

interface DutyDraft {
  id: string;
  title: string;
  found: Record<string, Found>;
  note: string;
  photos: DraftPhoto[];
  needs: DraftNeed[];
}

const NOTHING: Checklist = { key: "", name: "", items: [] };

export function DutyPage({ id }: { id: string }): JSX.Element {
  const { me } = useSession();
  const { value, fault, reported } = useDuties(me);
  const duty = value?.duties.find((known) => known.id === id);
  if (!duty || !me)
    return (
      <Screen title={t("勤务")} leave>
        {value ? (
          <Note kind="warn">{t("这项勤务已不在您的列表中:可能已撤销,或过期较久。")}</Note>
        ) : fault === "away" ? (
          <Note kind="warn">{t("没有网络,勤务列表还没有保存在本机")}</Note>
        ) : (
          <p class="muted">{t("正在读取…")}</p>
        )}
      </Screen>
    );
  const checklist = value?.checklists.find(({ key }) => key === duty.list) ?? NOTHING;
  const editing = currentRoute().query.has("item");
  const here = editing ? undefined : reported.get(id);
  const open = (duty.status === "due" || duty.status === "missed") && new Date(duty.opens_at).getTime() <= Date.now() && !here;
  if (open) return <DutyForm duty={duty} checklist={checklist} me={me} />;
  return (
    <Screen title={duty.work_name} leave>
      <Head duty={duty} reported={here} />
      {here === "waits" && (
        <Note kind="warn" live>
          <a href="#/outbox">{t("已填写,保存在本机,待上传")}</a>
        </Note>
      )}
      {duty.cases.map((number) => (
        <p class="card" key={number}>
          {t("不合格项已立案")}: <a href={`#/task/${number}`}>{number}</a>
        </p>
      ))}
    </Screen>
  );
}

function Head({ duty, reported }: { duty: Duty; reported?: "waits" | "sent" }): JSX.Element {
  return (
    <section class="card stack-s">
      <p class="cell-line">
        <DutyState duty={duty} reported={reported} />
        <span class="muted">{t("%(time)s 前完成", { time: formatShort(duty.due_at) })}</span>
      </p>
      <p>
        <strong>{duty.place || duty.grid_name}</strong> <span class="muted">{[duty.place && duty.grid_name, duty.shift, duty.plan_name].filter(Boolean).join(" · ")}</span>
      </p>
      {duty.done_at && <p class="muted">{t("%(who)s 于 %(time)s 完成", { who: duty.done_by ?? "", time: formatShort(duty.done_at) })}</p>}
    </section>
  );
}

/** A new draft, or what was filled in before the server refused it. */
async function readDraft(duty: Duty): Promise<DutyDraft> {
  const item = currentRoute().query.get("item");
  const refused = item ? await (await localStore).get<Item>("outbox", item) : undefined;
  const title = `${duty.work_name} · ${duty.place || duty.grid_name}`;
  return (refused?.wrote as DutyDraft | undefined) ?? { id: newId(), title, found: {}, note: "", photos: [], needs: [] };
}

const photosOf = (draft: DutyDraft): DraftPhoto[] => [...draft.photos, ...Object.values(draft.found).flatMap(({ photos }) => photos ?? [])];

function DutyForm({ duty, checklist, me }: { duty: Duty; checklist: Checklist; me: Me }): JSX.Element {
  const item = currentRoute().query.get("item") ?? "";
  const name = `duty:${duty.id}${item && `:${item}`}`;
  const [draft, change, saved] = useDraft<DutyDraft>(name, () => readDraft(duty), (value) => photosOf(value).map(({ id }) => id));
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [full, setFull] = useState(false);
  const here = useHere();
  if (!draft) return <p class="starting">{t("正在打开…")}</p>;
  const find = (code: string, found: Found): void => change({ found: { ...draft.found, [code]: { ...draft.found[code], ...found } } });
  const allOk = (): void => {
    const found = Object.fromEntries(checklist.items.map(({ code }) => [code, draft.found[code]?.outcome ? draft.found[code] : { outcome: "ok" as const }]));
    change({ found });
  };
  const missing = missingIn(draft, checklist);
  const submit = async (): Promise<void> => {
    setShown(true);
    if (missing || busy) return;
    setBusy(true);
    const screen = location.hash;
    try {
      await enqueue(toItem(draft, duty, checklist, me, here));
      await dropDraft(name);
      if (location.hash === screen) goBack();
      void flush(true);
    } catch (error) {
      if (!(error instanceof StorageFull)) throw error;
      setFull(true);
      setBusy(false);
    }
  };
  const mark = [`${duty.grid_name}${here ? ` · ${here.lat.toFixed(5)}, ${here.lon.toFixed(5)}` : ""}`, `${me.name || me.username} · ${duty.place || duty.plan_name}`];
  const answered = checklist.items.filter(({ code }) => draft.found[code]?.outcome).length;
  return (
    <Screen
      title={duty.work_name}
      leave
      foot={
        <button type="button" class="wide big primary" disabled={busy} onClick={() => void submit()}>
          {t("提交")}
        </button>
      }
    >
      <Head duty={duty} />
      {(full || saved === "full") && <Note kind="bad">{t("手机存储已满,新内容没有保存。请先上传待传内容,或在“我”中清理缓存。")}</Note>}
      {checklist.items.length > 0 && (
        <section class="card stack-s duty-items">
          <h2 class="split">
            {checklist.name}
            <span class="hint">
              {answered}/{checklist.items.length}
            </span>
          </h2>
          <button type="button" class="wide" onClick={allOk}>
            {answered && answered < checklist.items.length ? t("其余全部合格") : t("全部合格")}
          </button>
          {checklist.items.map(({ code, text, photo }, n) => (
            <ItemRow key={code} n={n + 1} code={code} text={text} photo={photo} found={draft.found[code] ?? {}} mark={mark} shown={shown} change={(found) => find(code, found)} />
          ))}
        </section>
      )}
      {duty.work === "visit" && <NeedsForm needs={draft.needs} change={(needs) => change({ needs })} />}
      <section class="card stack-s">
        <label>
          {t("备注")}
          <textarea rows={2} maxLength={1500} value={draft.note} onInput={(event) => change({ note: event.currentTarget.value })} />
        </label>
      </section>
      {!checklist.items.length && <Photos id="photos" photos={draft.photos} mark={mark} fault="" change={(photos) => change({ photos })} />}
      <Fault text={shown ? missing : ""} />
    </Screen>
  );
}

interface RowProps {
  n: number;
  code: string;
  text: string;
  photo: boolean;
  found: Found;
  mark: string[];
  shown: boolean;
  change: (found: Found) => void;
}

function ItemRow({ n, code, text, photo, found, mark, shown, change }: RowProps): JSX.Element {
  const open = shown && !found.outcome;
  return (
    <fieldset class={`duty-item ${open ? "open" : ""}`} id={`item-${code}`}>
      <legend>
        {n}. {text}
      </legend>
      <div class="choices">
        {OUTCOMES.map(([outcome, label]) => (
          <label class={`choice choice-${outcome}`} key={outcome}>
            <input type="radio" name={`item-${code}`} checked={found.outcome === outcome} onChange={() => change({ outcome })} />
            <span>{label()}</span>
          </label>
        ))}
      </div>
      {found.outcome === "failed" && (
        <div class="stack-s">
          <label>
            {t("问题说明")}
            <input maxLength={500} value={found.note ?? ""} onInput={(event) => change({ note: event.currentTarget.value })} />
          </label>
          <Photos id={`photos-${code}`} photos={found.photos ?? []} mark={[...mark, text]} fault={shown && photo && !found.photos?.length ? t("不合格须拍照") : ""} change={(photos) => change({ photos })} />
        </div>
      )}
    </fieldset>
  );
}

/** What is still missing before the duty can be sent, in words; nothing when it is complete. */
function missingIn(draft: DutyDraft, checklist: Checklist): string {
  const open = checklist.items.filter(({ code }) => !draft.found[code]?.outcome).length;
  if (open) return t("还有 %(n)s 项没有结果", { n: open });
  const bare = checklist.items.find(({ code, photo }) => photo && draft.found[code]?.outcome === "failed" && !draft.found[code]?.photos?.length);
  return bare ? t("“%(item)s”不合格,须附照片", { item: bare.text }) : "";
}

function toItem(draft: DutyDraft, duty: Duty, checklist: Checklist, me: Me, here: Place | null): Item {
  const items = checklist.items.map(({ code }) => {
    const { outcome = "ok", note = "", photos = [] } = draft.found[code] ?? {};
    return { item: code, outcome, ...(outcome === "failed" ? { note: note.trim(), photos: photos.map(({ id }) => id) } : {}) };
  });
  const used = [...draft.photos, ...checklist.items.flatMap(({ code }) => (draft.found[code]?.outcome === "failed" ? (draft.found[code]?.photos ?? []) : []))];
  const needs = draft.needs.filter(({ text }) => text.trim()).map(({ text, category }) => ({ text: text.trim(), ...(category === "topic" ? { topic: true } : category ? { category } : {}) }));
  return {
    id: draft.id,
    kind: "duty",
    duty: duty.id,
    made_at: Date.now(),
    by: me.id,
    by_name: me.name || me.username,
    language,
    title: draft.title,
    body: {
      done_at: new Date().toISOString(),
      items,
      note: draft.note.trim(),
      needs,
      photos: draft.photos.map(({ id }) => id),
      ...(here ? { location: { lat: here.lat, lon: here.lon } } : {}),
    },
    wrote: draft,
    photos: used.map(({ id }) => id),
    photo_field: "photos",
    sent: {},
    state: "waiting",
    tries: 0,
    next_at: 0,
  };
}

/** The location of the phone, read once; null until it is known, or if it is not allowed. */
function useHere(): Place | null {
  const [here, setHere] = useState<Place | null>(null);
  useEffect(() => {
    let unmounted = false;
    bridge.getLocation().then(
      (place) => void (unmounted || setHere(place)),
      () => undefined,
    );
    return () => void (unmounted = true);
  }, []);
  return here;
}
