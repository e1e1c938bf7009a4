// The form for an answer to a task: text, photos, checklist. The answer is sent through the outbox, like a report.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { findAnswer, type Answer, type Choice } from "../words/answers";
import type { Place } from "../device/bridge";
import { useCached } from "../server/cached";
import { dropDraft, useDraft } from "../store/drafts";
import { DistanceToPlace } from "../places/distance_to_place";
import { Fault } from "../parts/fault";
import { distance } from "../places/geo";
import { newId } from "../store/ids";
import { enqueue, flush } from "../store/outbox";
import { Compare, Picture } from "../parts/pictures";
import type { DraftPhoto } from "../store/report_draft";
import { goBack, currentRoute, replaceRoute } from "../router";
import { useSession } from "../server/session";
import { StorageFull, localStore } from "../store/database";
import type { Item } from "../store/item_states";
import { language, t, codeLabel } from "../words/texts";
import type { CaseView, Catalogue, Fact, Me } from "../types";
import { Asked, Urged, pendingRequest } from "../parts/asked";
import { Icon, Note, Screen } from "../parts/ui";
import { Photos } from "./photos";
import { Release } from "./release";

/** Metres from the place; beyond that the person must give a reason. */
const MAX_DISTANCE = 200;
/** Commands that must be given on the spot. */
const ON_THE_SPOT = new Set(["complete", "self_close", "report_verification", "pass_review", "fail_review"]);
const MAX_TEXT = 1_500;
const MAX_ANSWER = 10_000;
/** What the server takes for HTML, which an answer must not hold. */
const MARKUP = /<[A-Za-z/!?]/;

interface AnswerDraft {
  id: string;
  text: string;
  extra: string;
  until: string;
  why_far: string;
  photos: DraftPhoto[];
  /** 答复; missing while it is as proposed. */
  told?: string;
  /** The chosen value as text; missing while none is chosen. */
  chosen?: string;
  /** Result photos that the reporter may see; missing in drafts of an older version. */
  release?: string[];
}

interface Props {
  about: CaseView;
  answer: Answer;
  here: Place | null;
  photos: { before: string[]; after: string[] };
  /** The answer to the reporter that the handler proposed. */
  proposed: string;
  facts: Fact[];
}

/** A new draft, or for a refused answer its content. */
async function readAnswer(answer: Answer, item: string): Promise<AnswerDraft> {
  const refused = item ? await (await localStore).get<Item>("outbox", item) : undefined;
  const fresh: AnswerDraft = { id: newId(), text: "", extra: "", until: "", why_far: "", photos: [] };
  if (!refused) return fresh;
  const wrote = refused.wrote as Partial<AnswerDraft> | undefined;
  const text = answer.text ? String(refused.body[answer.text.field] ?? "") : "";
  return { ...fresh, text, ...wrote, id: refused.id, photos: refused.photos.map((id) => ({ id, warning: "" })) };
}

export function AnswerForm({ about, answer, here, photos, proposed, facts }: Props): JSX.Element {
  const { me } = useSession();
  const item = currentRoute().query.get("item") ?? "";
  const name = `answer:${about.case_no}:${answer.command}${item && `:${item}`}`;
  const [draft, change, saved] = useDraft<AnswerDraft>(name, () => readAnswer(answer, item), (value) => value.photos.map(({ id }) => id));
  const catalogue = useCached<Catalogue>("categories");
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [full, setFull] = useState(false);
  if (!draft || !me) return <p class="starting">{t("正在打开…")}</p>;
  const far = here && about.location && ON_THE_SPOT.has(answer.command) ? distance(here, about.location) : 0;
  const category = catalogue.value?.groups.flatMap(({ categories }) => categories).find(({ code }) => code === about.category);
  const told = answer.told ? (draft.told ?? proposed).trim() : "";
  const options = answer.choice?.options(about, me) ?? [];
  const chosen = options.length === 1 ? options[0] : options.find(({ value }) => String(value) === draft.chosen);
  const request = pendingRequest(about, answer.decides);
  const other = answer.other && about.allowed_commands.includes(answer.other) ? findAnswer(answer.other) : undefined;
  const toldNeeded = Boolean(catalogue.value?.answers_required?.includes(about.source));
  const checks = checklist(draft, answer, far, Boolean(category?.evidence_required), { text: told, needed: toldNeeded }, Boolean(chosen), request?.until ?? null);
  const missing = checks.filter(({ done, must }) => must && !done);
  const leave = (): void => goBack(`task/${about.case_no}`);
  if (answer.decides && !request)
    return (
      <Screen title={answer.title()} leave={leave}>
        <Note kind="warn">{t("这项申请已有结果或已撤回")}</Note>
        <a class="button wide" href={`#/task/${about.case_no}`}>
          {t("查看案件")}
        </a>
      </Screen>
    );
  const submit = async (): Promise<void> => {
    setShown(true);
    if (missing.length || busy) return;
    setBusy(true);
    const screen = location.hash;
    try {
      await enqueue(toItem(draft, answer, about, me, far, photos.after, answer.command === "pass_review" && told === proposed.trim() ? "" : told, chosen));
      await dropDraft(name);
      if (location.hash === screen) leave();
      void flush(true);
    } catch (error) {
      if (!(error instanceof StorageFull)) throw error;
      setFull(true);
      setBusy(false);
    }
  };
  const spot = here ? `${here.lat.toFixed(5)}, ${here.lon.toFixed(5)} ±${Math.round(here.accuracy)} m` : t("未定位");
  return (
    <Screen
      title={answer.title()}
      leave={leave}
      foot={
        <button type="button" class={`wide big ${answer.tone === "danger" ? "danger solid" : "primary"}`} disabled={busy} onClick={() => void submit()}>
          {t("提交")}
        </button>
      }
    >
      <p class="muted">
        <a href={`#/task/${about.case_no}`}>{about.title}</a> · <span class="num">{about.case_no}</span>
      </p>
      {(full || saved === "full") && <Note kind="bad">{t("手机存储已满,新内容没有保存。请先上传待传内容,或在“我”中清理缓存。")}</Note>}
      {answer.hint && <Note>{answer.hint()}</Note>}
      {answer.command === "answer_urge" && <Urged about={about} facts={facts} />}
      {request && <Asked request={request} about={about} facts={facts} />}
      {answer.command.endsWith("_review") && <BeforeAfter photos={photos} />}
      {answer.release && <Release photos={photos.after} chosen={draft.release ?? []} change={(release) => change({ release })} />}
      {answer.photos && (
        <Photos id="photos" photos={draft.photos} after={false} mark={[`${about.grid.name} · ${spot}`, `${me.name || me.username} · ${about.case_no}`]} fault="" change={(taken) => change({ photos: taken })} />
      )}
      {(answer.text || answer.extra || answer.until || answer.told || options.length > 1) && (
        <section class="card stack-s">
          {answer.choice && options.length > 1 && (
            <fieldset>
              <legend>{answer.choice.label()}</legend>
              <div class="row">
                {options.map(({ value, label }) => (
                  <label class="check" key={label}>
                    <input type="radio" name={answer.choice?.field} checked={chosen?.value === value} onChange={() => change({ chosen: String(value) })} />
                    {label}
                  </label>
                ))}
              </div>
            </fieldset>
          )}
          {answer.text && (
            <label>
              {answer.text.label()}
              <textarea rows={4} maxLength={MAX_TEXT} value={draft.text} onInput={(event) => change({ text: event.currentTarget.value })} />
            </label>
          )}
          {answer.told && (
            <label>
              {t("给上报人的答复")}
              <textarea rows={4} maxLength={MAX_ANSWER} value={draft.told ?? proposed} onInput={(event) => change({ told: event.currentTarget.value })} />
              <span class="hint">{t("核查通过后上报人会看到,请勿写内部情况")}</span>
            </label>
          )}
          {answer.reasons && (
            <div class="row">
              {answer.reasons.map((reason) => (
                <button type="button" class="chip" onClick={() => change({ text: draft.text ? `${draft.text}; ${reason()}` : reason() })} key={reason()}>
                  {reason()}
                </button>
              ))}
            </div>
          )}
          {answer.extra && (
            <label>
              {answer.extra.label()}
              <input maxLength={200} value={draft.extra} onInput={(event) => change({ extra: event.currentTarget.value })} />
            </label>
          )}
          {answer.until && (
            <label>
              {answer.until.label()}
              <input type="datetime-local" value={draft.until} onInput={(event) => change({ until: event.currentTarget.value })} />
              {answer.until.hint && <span class="hint">{answer.until.hint()}</span>}
            </label>
          )}
        </section>
      )}
      {far > MAX_DISTANCE && here && about.location && (
        <section class="card stack-s">
          <Note kind="warn">
            <DistanceToPlace from={here} to={about.location} /> {t("超过 200 米,请说明原因,会记入说明")}
          </Note>
          <label>
            {t("不在现场的原因")}
            <input maxLength={200} value={draft.why_far} onInput={(event) => change({ why_far: event.currentTarget.value })} />
          </label>
        </section>
      )}
      {checks.length > 0 && (
        <ul class="plain checklist card" aria-label={t("提交前核对")}>
          {checks.map(({ text, done, must }) => (
            <li class={done ? "done" : must && shown ? "open" : ""} key={text}>
              <Icon name={done ? "check-circle" : "error-circle"} />
              {text}
              {!done && !must && <span class="hint"> {t("(建议)")}</span>}
              <span class="sr">{done ? t("已满足") : t("未满足")}</span>
            </li>
          ))}
        </ul>
      )}
      {other && (
        <button type="button" class="wide" onClick={() => replaceRoute(`task/${about.case_no}/${other.command}`)}>
          {other.title()}
        </button>
      )}
      <Fault text={shown && missing.length ? t("还缺: %(what)s", { what: missing.map(({ text }) => text).join("; ") }) : ""} />
    </Screen>
  );
}

interface Check {
  text: string;
  done: boolean;
  must: boolean;
}

/** The requirements to check before leaving the place. */
function checklist(draft: AnswerDraft, answer: Answer, far: number, evidence: boolean, told: { text: string; needed: boolean }, chosen: boolean, asked: string | null): Check[] {
  const checks: Check[] = [];
  if (answer.photos) {
    const must = answer.photos.needed === "always" || (answer.photos.needed === "category" && evidence);
    checks.push({ text: t("至少一张照片"), done: draft.photos.length > 0, must });
  }
  if (answer.choice) checks.push({ text: t("选择%(what)s", { what: answer.choice.label() }), done: chosen, must: true });
  if (answer.text) checks.push({ text: t("填写%(what)s", { what: answer.text.label() }), done: draft.text.trim() !== "", must: answer.text.needed });
  if (answer.told && told.needed) checks.push({ text: t("填写%(what)s", { what: t("给上报人的答复") }), done: told.text !== "", must: true });
  if (MARKUP.test(told.text)) checks.push({ text: t("答复不能含 HTML 标签"), done: false, must: true });
  if (answer.extra) checks.push({ text: t("填写%(what)s", { what: answer.extra.label() }), done: draft.extra.trim() !== "", must: true });
  const until = new Date(draft.until).getTime();
  if (answer.until && (answer.until.needed || draft.until)) checks.push({ text: t("选择以后的时间"), done: until > Date.now(), must: true });
  if (answer.until && asked && draft.until) checks.push({ text: t("不晚于申请的时间"), done: until <= new Date(asked).getTime(), must: true });
  if (ON_THE_SPOT.has(answer.command)) checks.push({ text: t("在现场 200 米以内,或已说明原因"), done: far <= MAX_DISTANCE || draft.why_far.trim() !== "", must: true });
  return checks;
}

function toItem(draft: AnswerDraft, answer: Answer, about: CaseView, me: Me, far: number, resultPhotos: string[], told: string, chosen: Choice | undefined): Item {
  // Photos of an earlier result are dropped: the result may have been submitted again in the meantime.
  const release = (draft.release ?? []).filter((sha) => resultPhotos.includes(sha));
  const distanceNote = far > MAX_DISTANCE ? `[${t("距现场 %(n)s 米", { n: Math.round(far) })}: ${draft.why_far.trim()}]` : "";
  const text = [draft.text.trim(), distanceNote].filter(Boolean).join("\n");
  return {
    id: draft.id,
    kind: "command",
    command: answer.command,
    case_no: about.case_no,
    made_at: Date.now(),
    by: me.id,
    by_name: me.name || me.username,
    language,
    title: `${codeLabel("commands", answer.command)} · ${about.title}`,
    body: {
      ...(answer.text && text ? { [answer.text.field]: text } : {}),
      ...(answer.choice && chosen ? { [answer.choice.field]: chosen.value } : {}),
      ...(told ? { answer: told } : {}),
      ...(answer.extra ? { [answer.extra.field]: draft.extra.trim() } : {}),
      ...(answer.release && release.length ? { release_photos: release } : {}),
      ...(answer.until && draft.until ? { until: new Date(draft.until).toISOString() } : {}),
    },
    wrote: draft,
    photos: draft.photos.map(({ id }) => id),
    photo_field: answer.photos?.field ?? "attachments",
    sent: {},
    state: "waiting",
    tries: 0,
    next_at: 0,
  };
}

function BeforeAfter({ photos }: { photos: Props["photos"] }): JSX.Element | null {
  const [before] = photos.before;
  const after = photos.after[photos.after.length - 1];
  if (before && after) return <Compare before={before} after={after} />;
  const only = before ?? after;
  if (!only) return null;
  return (
    <div class="photos">
      <Picture sha={only} alt={before ? t("处置前") : t("处置后")} />
    </div>
  );
}
