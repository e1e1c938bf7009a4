// F2: a report in a few taps. The draft is saved on each change; a submitted report is stored in the outbox first.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { bridge, PlaceError } from "../device/bridge";
import { useCached } from "../server/cached";
import { dropDraft, useDraft, type SaveState } from "../store/drafts";
import { Fault } from "../parts/fault";
import { unitAt } from "../places/geo";
import { LazyScreen } from "../lazy";
import { removeItem, enqueue, flush } from "../store/outbox";
import { goBack, navigate, replaceRoute } from "../router";
import { setAside, readReport, titleOf, toItems, isWorthKeeping, type ReportDraft } from "../store/report_draft";
import { GRID_ROLES, useSession } from "../server/session";
import { StorageFull } from "../store/database";
import { isMail, isPhone, takesSms } from "../words/phone";
import { localName, t, codeLabel } from "../words/texts";
import type { Catalogue, Category, Unit } from "../types";
import { Questions } from "../parts/questions";
import { Suggested } from "../parts/suggested";
import { Icon, Note, Screen } from "../parts/ui";
import { stoppedBy, wrongAnswers } from "../store/questions";
import { useUnits } from "../places/units";
import { rememberCategory, recentCategories } from "../store/recents";
import { Photos } from "./photos";

const MIN_TEXT = 5;
const MAX_TEXT = 200;
const PHRASES = [() => t("占用消防通道,"), () => t("存在安全隐患,"), () => t("已现场劝导,"), () => t("需要部门到场处理。")];

/** `item`: a refused item to correct; `kept`: a draft that was set aside. */
export function Report({ panel, item, kept }: { panel: string; item: string; kept: string }): JSX.Element {
  const { me } = useSession();
  const catalogue = useCached<Catalogue>("categories");
  const name = item ? `edit:${item}` : kept ? `new:${kept}` : "new";
  const query = item ? `?item=${item}` : kept ? `?draft=${kept}` : "";
  const [draft, change, saved] = useDraft<ReportDraft>(name, () => readReport(item), photosOf);
  const all = catalogue.value?.groups.flatMap(({ categories }) => categories) ?? [];
  const category = all.find(({ code }) => code === draft?.category);
  if (!draft || !me) return <p class="starting">{t("正在打开…")}</p>;
  if (panel === "category")
    return <LazyScreen screen="Categories" groups={catalogue.value?.groups ?? []} chosen={draft.category} choose={(code) => (change({ category: code, severity: "" }), goBack())} />;
  if (panel === "map") return <MapPanel draft={draft} change={change} />;
  return <Form key={draft.id} draft={draft} change={change} saved={saved} category={category} all={all} version={catalogue.value?.policy_version ?? 0} ways={catalogue.value?.tell_by ?? []} name={name} query={query} editing={item} />;
}

function photosOf(draft: ReportDraft): string[] {
  return [...draft.photos, ...draft.self_photos].map(({ id }) => id);
}

type Change = (part: Partial<ReportDraft>) => void;

interface Props {
  draft: ReportDraft;
  change: Change;
  saved: SaveState;
  category: Category | undefined;
  all: Category[];
  /** The version of the policy whose categories these are. */
  version: number;
  /** How a reporter may choose to be told. */
  ways: string[];
  name: string;
  /** The query of the route that names the draft. */
  query: string;
  editing: string;
}

/** The faults that prevent submitting, each with the part of the screen where it is corrected. */
function findFaults(draft: ReportDraft, category: Category | undefined, ways: string[]): [string, string][] {
  const faults: [string, string][] = [];
  const photos = category?.evidence_required ? 2 : 1;
  if (draft.photos.length < photos) faults.push(["photos", photos > 1 ? t("该类别需要近景和远景两张照片") : t("请至少拍一张照片")]);
  if (!category) faults.push(["category", t("请选择类别")]);
  if (!draft.grid && !draft.place) faults.push(["place", t("请定位、选点或选择网格")]);
  const answers = draft.answers ?? {};
  const stops = stoppedBy(category, answers);
  if (wrongAnswers(category, answers).length) faults.push(["questions", t("请回答标出的问题")]);
  else if (stops.some(({ stop }) => stop!.may_report === false)) faults.push(["questions", t("这种情形请直接打电话,不在这里上报")]);
  else if (stops.length && !draft.went_on) faults.push(["questions", t("请先打电话;仍要上报的,请勾选确认")]);
  const length = draft.description.trim().length;
  if (length < MIN_TEXT || length > MAX_TEXT) faults.push(["description", t("描述须为 %(least)s 至 %(most)s 个字", { least: MIN_TEXT, most: MAX_TEXT })]);
  if (draft.self && !draft.self_result.trim()) faults.push(["self", t("请填写现场处置结果")]);
  if (draft.self && !draft.self_photos.length) faults.push(["self", t("请拍处置后的照片")]);
  const tell = draft.reporter_tell ?? "";
  if (draft.reporter_phone.trim() && !isPhone(draft.reporter_phone)) faults.push(["reporter", t("电话号码不正确")]);
  else if (tell && !ways.includes(tell)) faults.push(["reporter", t("所选的告知方式已停用,请重新选择")]);
  else if (tell === "sms" && !takesSms(draft.reporter_phone)) faults.push(["reporter", t("请填写能收短信的手机号")]);
  else if (tell === "mail" && !isMail(draft.reporter_mail ?? "")) faults.push(["reporter", t("请填写正确的电子邮箱")]);
  return faults;
}

function Form(props: Props): JSX.Element {
  const { draft, change, saved, category, all, version, ways, name, query, editing } = props;
  const { me } = useSession();
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [full, setFull] = useState(false);
  const faults = findFaults(draft, category, ways);
  const fault = (part: string): string => (shown ? (faults.find(([where]) => where === part)?.[1] ?? "") : "");
  const units = useUnits(draft.place);
  const mark = usePlace(draft, change, units, me!.name || me!.username);
  const worker = me!.roles.some(({ role }) => role === "grid_worker");
  const inOtherGrid = isInOtherGrid(draft, units);
  const submit = async (): Promise<void> => {
    setShown(true);
    if (faults.length) return document.getElementById(faults[0]![0])?.scrollIntoView({ block: "center" });
    if (busy || !category) return;
    setBusy(true);
    try {
      // The item has the draft's own id: a second tap stores the same one again.
      const [id] = await enqueue(...toItems({ ...draft, asked_under: draft.asked_under || version }, category, me!));
      if (!draft.self) await removeItem(draft.self_id);
      rememberCategory(category.code);
      await dropDraft(name);
      replaceRoute(`sent/${id}`);
      void flush(true);
    } catch (error) {
      if (!(error instanceof StorageFull)) throw error;
      setFull(true);
      setBusy(false);
    }
  };
  const button = (
    <button type="button" class="primary wide big" disabled={busy} onClick={() => void submit()}>
      {busy ? t("正在保存…") : editing ? t("重新提交") : t("提交")}
    </button>
  );
  const saveAside = async (): Promise<void> => {
    await setAside(draft);
    navigate("outbox");
  };
  return (
    <Screen title={editing ? t("修改上报") : t("事件上报")} leave side={<SavedChip saved={saved} />} foot={button}>
      {(full || saved === "full") && <Note kind="bad">{t("手机存储已满,新内容没有保存。请先上传待传内容,或在“我”中清理缓存。")}</Note>}
      <Photos id="photos" photos={draft.photos} mark={mark} fault={fault("photos")} change={(photos) => change({ photos })} />
      <section class="card stack-s" id="category">
        <h2>{t("类别")}</h2>
        <a class="cell cell-plain" href={`#/report/category${query}`}>
          <span class="cell-main">{category ? localName(category) : <span class="muted">{t("选择类别")}</span>}</span>
          <Icon name="chevron-right" />
        </a>
        <Recents all={all} chosen={draft.category} choose={(code) => change({ category: code, severity: "" })} />
        <Fault text={fault("category")} />
        <Severity category={category} chosen={draft.severity} choose={(severity) => change({ severity })} />
      </section>
      {category && <Questions category={category} answers={draft.answers ?? {}} photos={draft.photos} went_on={draft.went_on} fault={fault("questions")} change={(part) => change({ ...part, asked_under: version })} />}
      <Place draft={draft} change={change} units={units} roams={me!.roles.some(({ role }) => GRID_ROLES.has(role))} fault={fault("place")} query={query} />
      <section class="card stack-s" id="description">
        <label>
          {t("描述")}
          <textarea rows={3} maxLength={MAX_TEXT} value={draft.description} aria-invalid={fault("description") ? "true" : undefined} onInput={(event) => change({ description: event.currentTarget.value })} />
        </label>
        <div class="row">
          <span class="row phrases">
            {PHRASES.map((phrase) => (
              <button type="button" class="chip" onClick={() => change({ description: (draft.description + phrase()).slice(0, MAX_TEXT) })} key={phrase()}>
                {phrase().replace(/[,。. ]+$/, "")}
              </button>
            ))}
          </span>
          <span class="hint num">
            {draft.description.length}/{MAX_TEXT}
          </span>
        </div>
        <Fault text={fault("description")} />
      </section>
      <Suggested draft={draft} change={change} all={all} />
      <LazyScreen screen="Duplicates" quiet draft={draft} title={category ? titleOf(draft, category) : ""} name={name} />
      {worker && <LazyScreen screen="ReportMore" quiet draft={draft} change={change} mark={mark} self={!inOtherGrid} ways={ways} fault={fault} />}
      {name === "new" && isWorthKeeping(draft) && (
        <button type="button" class="wide" onClick={() => void saveAside()}>
          {t("存入草稿,另报一件")}
        </button>
      )}
    </Screen>
  );
}

function SavedChip({ saved }: { saved: SaveState }): JSX.Element | null {
  if (saved === "none") return null;
  return <span class="chip sync">{saved === "saved" ? t("草稿已存") : saved === "saving" ? t("正在保存…") : t("未能保存")}</span>;
}

function Recents({ all, chosen, choose }: { all: Category[]; chosen: string; choose: (code: string) => void }): JSX.Element | null {
  const recents = recentCategories()
    .map((code) => all.find((known) => known.code === code))
    .filter((known): known is Category => known !== undefined && known.code !== chosen);
  if (!recents.length) return null;
  return (
    <div class="row" role="group" aria-label={t("最近使用")}>
      <span class="hint">{t("最近使用")}</span>
      {recents.slice(0, 3).map((category) => (
        <button type="button" class="chip" onClick={() => choose(category.code)} key={category.code}>
          {localName(category)}
        </button>
      ))}
    </div>
  );
}

function Severity({ category, chosen, choose }: { category: Category | undefined; chosen: string; choose: (code: string) => void }): JSX.Element | null {
  const allowed = new Set(category?.conditions.flatMap(({ severities }) => severities));
  if (!category || !allowed.size) return null;
  allowed.add(category.severity);
  return (
    <div class="segments" role="group" aria-label={t("紧急程度")}>
      {["ordinary", "pressing", "urgent", "major"]
        .filter((code) => allowed.has(code))
        .map((code) => (
          <button type="button" aria-pressed={(chosen || category.severity) === code} onClick={() => choose(code)} key={code}>
            {codeLabel("severities", code)}
          </button>
        ))}
    </div>
  );
}

/** Whether the report is known to lie in a grid that is not the person's own. */
function isInOtherGrid(draft: ReportDraft, units: Unit[]): boolean {
  if (!units.length) return false;
  // The place takes precedence: right after locating, the grid is still that of the previous place, or empty.
  const unit = (draft.place && unitAt(draft.place, units)) ?? units.find(({ code }) => code === draft.grid);
  return unit ? !unit.own : draft.place !== null;
}

/** Locate the phone when the screen opens. Returns the lines drawn into photos. */
function usePlace(draft: ReportDraft, change: Change, units: Unit[], name: string): string[] {
  useEffect(() => {
    // The location of an empty draft may be hours old.
    const stale = !isWorthKeeping(draft) && draft.place?.source !== "pin";
    if (stale || (!draft.place && !draft.place_fault)) void locate(change);
  }, []);
  useEffect(() => {
    if (!draft.place) return;
    const unit = unitAt(draft.place, units);
    if (unit && unit.code !== draft.grid) change({ grid: unit.code, grid_name: unit.name, grid_by_hand: false });
    // The grid of the previous place does not apply to the new one.
    else if (!unit && units.length && draft.grid && !draft.grid_by_hand) change({ grid: "", grid_name: "" });
  }, [draft.place, units]);
  useEffect(() => {
    // The server would refuse a self-close outside the person's own grids.
    if (draft.self && isInOtherGrid(draft, units)) change({ self: false });
  }, [draft.self, draft.grid, draft.place, units]);
  const { place } = draft;
  const spot = place ? `${place.lat.toFixed(5)}, ${place.lon.toFixed(5)} ±${Math.round(place.accuracy)} m` : t("未定位");
  return [[draft.grid_name, spot].filter(Boolean).join(" · "), name];
}

async function locate(change: Change, refresh = false): Promise<void> {
  try {
    const place = await bridge.getLocation(refresh);
    change({ place: { ...place, source: "gps" }, place_fault: "", grid_by_hand: false });
  } catch (error) {
    change({ place_fault: error instanceof PlaceError ? error.fault : "unavailable" });
  }
}

const PLACE_FAULTS: Record<string, () => string> = {
  denied: () => t("没有定位权限:请在手机设置中允许本应用使用位置,或在地图上选点"),
  unavailable: () => t("暂时无法定位,请在地图上选点"),
  insecure: () => t("非 HTTPS 连接不能定位,请在地图上选点"),
};

interface PlaceProps {
  draft: ReportDraft;
  change: Change;
  units: Unit[];
  /** Whether the person may report outside their own units. */
  roams: boolean;
  fault: string;
  query: string;
}

function Place({ draft, change, units, roams, fault, query }: PlaceProps): JSX.Element {
  const outside = draft.place && units.length > 0 && !unitAt(draft.place, units);
  const choices = units.filter(({ level }) => level >= 3);
  const neighbour = !outside && isInOtherGrid(draft, units);
  return (
    <section class="card stack-s" id="place">
      <h2>{t("位置")}</h2>
      {draft.place ? (
        <p role="status">
          <Icon name="location" /> {draft.place.source === "gps" ? t("±%(n)s 米", { n: Math.round(draft.place.accuracy) }) : t("地图选点")}
          {draft.grid_name && !outside && <strong> · {draft.grid_name} ✓</strong>}
        </p>
      ) : draft.place_fault ? (
        <Note kind="warn">{PLACE_FAULTS[draft.place_fault]?.()}</Note>
      ) : (
        <p class="muted" role="status">
          {t("正在定位…")}
        </p>
      )}
      {draft.place?.source === "gps" && draft.place.accuracy > 100 && <Note kind="warn">{t("定位误差超过 100 米,请在地图上确认位置")}</Note>}
      {neighbour && <Note kind="warn">{t("不在您负责的网格内:可以上报,由%(grid)s受理", { grid: draft.grid_name })}</Note>}
      {outside && !draft.grid && <Note kind="warn">{roams ? t("不在您负责的网格内:可以上报,上传后按位置确定由哪个网格受理") : t("该位置不在您负责的网格内,请核对,或选择事发网格")}</Note>}
      <div class="pair">
        <button type="button" onClick={() => void locate(change, true)}>
          <Icon name="refresh" />
          {t("重新定位")}
        </button>
        <button type="button" onClick={() => navigate(`report/map${query}`)}>
          <Icon name="map" />
          {t("地图选点")}
        </button>
      </div>
      {(outside || !draft.place) && choices.length > 0 && (
        <label>
          {t("事发网格")}
          <select
            value={draft.grid}
            onChange={(event) => change({ grid_by_hand: true, grid: event.currentTarget.value, grid_name: choices.find(({ code }) => code === event.currentTarget.value)?.name ?? "" })}
          >
            <option value="">{outside ? t("按位置确定") : t("请选择")}</option>
            {choices.map((unit) => (
              <option value={unit.code} key={unit.code}>
                {unit.name}
              </option>
            ))}
          </select>
          {outside && draft.grid && draft.grid_by_hand && <small class="muted">{t("将按所选网格上报,不附当前定位")}</small>}
        </label>
      )}
      <label>
        {t("路口或门牌")}
        <input maxLength={100} placeholder={t("如: 北门路口向西 50 米")} value={draft.place_text} onInput={(event) => change({ place_text: event.currentTarget.value })} />
      </label>
      <Fault text={fault} />
    </section>
  );
}

function MapPanel({ draft, change }: { draft: ReportDraft; change: Change }): JSX.Element {
  const units = useUnits(draft.place);
  return (
    <LazyScreen
      screen="PlaceMap"
      units={units}
      place={draft.place}
      choose={(point) => {
        const unit = unitAt(point, units);
        change({ place: { ...point, accuracy: 5, source: "pin" }, place_fault: "", grid_by_hand: false, grid: unit?.code ?? "", grid_name: unit?.name ?? "" });
        goBack();
      }}
    />
  );
}
