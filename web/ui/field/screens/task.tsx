// F4: a case on the phone: details, history, and the answers that are offered. It also opens without a network.
import { Fragment, type JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { findAnswer, ANSWERS } from "../words/answers";
import { bridge, type Place } from "../device/bridge";
import { useCached } from "../server/cached";
import { DistanceToPlace } from "../places/distance_to_place";
import { timeLeftText, formatShort } from "../words/moments";
import { items } from "../store/outbox";
import { pendingRequest, whoGrants } from "../parts/asked";
import { Compare, Picture } from "../parts/pictures";
import { isPending, type Item } from "../store/item_states";
import { t, codeLabel } from "../words/texts";
import type { CaseView, Fact } from "../types";
import { Light, Note, Screen, useStored } from "../parts/ui";
import { AnswerForm } from "./answer";
import { stateLabel } from "./outbox";

/** The photos of the place before handling and after it. */
/** The answer to the reporter that the last completion proposes. */
function proposedAnswer(facts: Fact[]): string {
  const done = facts.filter(({ kind }) => kind === "completed" || kind === "self_closed" || kind === "aborted").pop();
  return String(done?.body["answer"] ?? "");
}

export function photosBeforeAndAfter(facts: Fact[]): { before: string[]; after: string[] } {
  const before: string[] = [];
  let after: string[] = [];
  for (const { kind, body } of facts) {
    const evidence = (body["evidence"] ?? []) as string[];
    const attached = (body["attachments"] ?? []) as string[];
    if (kind === "completed" || kind === "self_closed") after = evidence;
    else if (kind === "received" || kind === "attached" || kind === "info_supplied" || kind === "verification_reported") before.push(...attached);
  }
  return { before, after };
}

export function Task({ case_no, command }: { case_no: string; command: string }): JSX.Element {
  const pending = useStored(async () => (await items()).filter((item) => item.case_no === case_no), [] as Item[], case_no);
  const done = pending.filter((item) => !isPending(item)).length;
  const seen = useCached<CaseView>(`cases/${case_no}`, 60_000, done);
  const history = useCached<Fact[]>(`cases/${case_no}/facts`, 0, `${done}:${seen.value?.revision ?? 0}`);
  const here = useLocation(Boolean(seen.value?.location));
  const about = seen.value;
  if (!about)
    return (
      <Screen title={case_no} leave>
        {seen.fault === "away" ? <Note kind="warn">{t("没有网络,该案件还没有保存在本机")}</Note> : seen.fault ? <Note kind="bad">{seen.fault.detail}</Note> : <p class="muted">{t("正在读取…")}</p>}
      </Screen>
    );
  const answer = findAnswer(command);
  const photos = photosBeforeAndAfter(history.value ?? []);
  if (answer) return <AnswerForm about={about} answer={answer} here={here} photos={photos} proposed={proposedAnswer(history.value ?? [])} facts={history.value ?? []} key={command} />;
  const offered = ANSWERS.filter(({ command: name, decides }) => about.allowed_commands.includes(name) && (!decides || pendingRequest(about, decides)));
  const [first] = offered.filter(({ tone }) => tone === "primary");
  return (
    <Screen title={about.title} leave foot={first && <AnswerLink case_no={case_no} command={first.command} title={first.title()} tone="primary big" />}>
      {pending.filter(isPending).map((item) => (
        <Note kind={item.state === "rejected" ? "bad" : "warn"} key={item.id} live>
          <a href="#/outbox">
            {t("答复“%(what)s”: %(state)s", { what: codeLabel("commands", item.command), state: stateLabel(item) })}
          </a>
        </Note>
      ))}
      <Head about={about} at={seen.at} fresh={seen.fresh} />
      {photos.after[0] && photos.before[0] && <Compare before={photos.before[0]} after={photos.after[photos.after.length - 1]!} />}
      <Facts about={about} here={here} photos={photos} facts={history.value ?? []} />
      {about.requests
        .filter((request) => whoGrants(request, about))
        .map((request) => (
          <Note key={request.kind}>
            {codeLabel("requests", request.kind)}: {whoGrants(request, about)}
          </Note>
        ))}
      {offered.length > 0 && (
        <section class="card stack-s">
          <h2>{t("可做的操作")}</h2>
          <div class="actions">
            {offered
              .filter((known) => known !== first)
              .map(({ command: name, title, tone }) => (
                <AnswerLink case_no={case_no} command={name} title={title()} tone={tone === "danger" ? "danger" : ""} key={name} />
              ))}
          </div>
        </section>
      )}
      <History facts={history.value} />
    </Screen>
  );
}

function AnswerLink({ case_no, command, title, tone }: { case_no: string; command: string; title: string; tone: string }): JSX.Element {
  return (
    <a class={`button wide ${tone}`} href={`#/task/${case_no}/${command}`}>
      {title}
    </a>
  );
}

/** The location of the phone, read once; null until it is known, or if it is not allowed. */
function useLocation(wanted: boolean): Place | null {
  const [here, setHere] = useState<Place | null>(null);
  useEffect(() => {
    if (!wanted) return;
    let unmounted = false;
    bridge.getLocation().then(
      (place) => void (unmounted || setHere(place)),
      () => undefined,
    );
    return () => void (unmounted = true);
  }, [wanted]);
  return here;
}

function Head({ about, at, fresh }: { about: CaseView; at: number | undefined; fresh: boolean }): JSX.Element {
  const closed = about.stage === "closed";
  const late = about.due_at !== null && new Date(about.due_at).getTime() < Date.now();
  return (
    <section class="card stack-s">
      <p class="cell-line">
        {closed ? <Light light="closed">{codeLabel("outcomes", about.outcome)}</Light> : <Light light={late ? "red" : about.light}>{late ? t("已超期,仍可办理") : timeLeftText(about) || t("无时限")}</Light>}
        <span class="tag">{codeLabel("stages", about.stage)}</span>
        {about.round > 1 && <span class="tag">{t("第 %(n)s 轮", { n: about.round })}</span>}
        {about.severity !== "ordinary" && <span class="tag">{codeLabel("severities", about.severity)}</span>}
      </p>
      {about.due_at && <p class="muted">{t("到期 %(time)s", { time: formatShort(about.due_at) })}</p>}
      {about.suspended_until && <p class="muted">{t("挂账至 %(time)s", { time: formatShort(about.suspended_until) })}</p>}
      {at && <p class="hint">{fresh ? t("更新于 %(time)s", { time: formatShort(at) }) : t("离线内容,更新于 %(time)s", { time: formatShort(at) })}</p>}
    </section>
  );
}

/** The cases that it is handled with, and those that it was split off from or into. */
function relatives(about: CaseView, facts: Fact[]): { label: string; numbers: string[] }[] {
  const origin = facts[0]?.body["split_from"];
  const parts = facts.filter(({ kind, body }) => kind === "errand_settled" && String(body["errand"]).startsWith("split:")).map(({ body }) => body["case_no"]);
  return [
    { label: t("并入"), numbers: about.merged_into ? [about.merged_into] : [] },
    { label: t("并入本案的案件"), numbers: about.merged_cases ?? [] },
    { label: t("拆分自"), numbers: typeof origin === "string" ? [origin] : [] },
    { label: t("拆出的案件"), numbers: parts.filter((number): number is string => typeof number === "string").sort() },
  ].filter(({ numbers }) => numbers.length > 0);
}

function Facts({ about, here, photos, facts }: { about: CaseView; here: Place | null; photos: { before: string[]; after: string[] }; facts: Fact[] }): JSX.Element {
  const pictures = photos.before.length ? photos.before : about.attachments;
  return (
    <section class="card stack-s">
      {pictures.length > 0 && (
        <div class="photos">
          {pictures.map((sha, i) => (
            <Picture sha={sha} alt={t("照片 %(n)s", { n: i + 1 })} key={sha} />
          ))}
        </div>
      )}
      {about.description && <p class="said">{about.description}</p>}
      <dl class="facts">
        <dt>{t("编号")}</dt>
        <dd class="num">{about.case_no}</dd>
        <dt>{t("类别")}</dt>
        <dd>{about.category_name}</dd>
        <dt>{t("网格")}</dt>
        <dd>{about.grid.path_names.slice(1).join(" / ") || about.grid.name}</dd>
        {about.location && (
          <>
            <dt>{t("位置")}</dt>
            <dd>{here ? <DistanceToPlace from={here} to={about.location} /> : `${about.location.lat.toFixed(5)}, ${about.location.lon.toFixed(5)}`}</dd>
          </>
        )}
        {(about.answers ?? []).map(({ question, text, kind, values, shown, hidden, unreadable }) => (
          <Fragment key={question}>
            <dt>{text}</dt>
            <dd>
              {kind === "photo" && !hidden ? t("照片 %(n)s 张", { n: values.length }) : shown}
              {hidden && !unreadable && <span class="hint"> {t("仅与上报人联系的人员可见")}</span>}
            </dd>
          </Fragment>
        ))}
        {(about.unanswered ?? []).map(({ question, text }) => (
          <Fragment key={question}>
            <dt>{text}</dt>
            <dd class="muted">{t("未填")}</dd>
          </Fragment>
        ))}
        <dt>{t("上报")}</dt>
        <dd>
          {codeLabel("sources", about.source)} · {formatShort(about.reported_at)}
        </dd>
        {relatives(about, facts).map(({ label, numbers }) => (
          <Fragment key={label}>
            <dt>{label}</dt>
            <dd class="num">
              {numbers.map((number) => (
                <a href={`#/task/${number}`} key={number}>
                  {number}{" "}
                </a>
              ))}
            </dd>
          </Fragment>
        ))}
        {about.owner && (
          <>
            <dt>{t("责任方")}</dt>
            <dd>{about.owner.name}</dd>
          </>
        )}
        {about.reporter.phone && (
          <>
            <dt>{t("反映人电话")}</dt>
            <dd>
              <span class="num">{about.reporter.phone}</span> <span class="hint">{t("号码已隐去,仅供核对尾号")}</span>
            </dd>
          </>
        )}
        {about.claimed_by && (
          <>
            <dt>{t("办理人")}</dt>
            <dd>{about.claimed_by}</dd>
          </>
        )}
      </dl>
      {about.reporter.contact_kept && !about.reporter.phone && <p class="hint">{t("上报人留有联系方式,单独保存,不向办理人员显示")}</p>}
    </section>
  );
}

/** The texts in a fact's body. */
function textOfFact(body: Record<string, unknown>): string {
  const said = ["result", "answer", "reason", "note", "question"].map((name) => body[name]).filter((text): text is string => typeof text === "string" && text !== "");
  const found = typeof body["confirmed"] === "boolean" ? [body["confirmed"] ? t("属实") : t("不属实")] : [];
  return [...found, ...said].join(" · ");
}

const HIDDEN_KINDS = new Set(["light_changed", "recomputed", "step_fired", "reminded"]);

function History({ facts }: { facts: Fact[] | undefined }): JSX.Element {
  const shown = useMemo(() => [...(facts ?? [])].reverse().filter(({ kind }) => !HIDDEN_KINDS.has(kind)), [facts]);
  return (
    <details class="card" open={shown.length < 6}>
      <summary>{t("经过 (%(n)s)", { n: shown.length })}</summary>
      <ol class="plain history">
        {shown.map((fact) => (
          <li key={fact.seq}>
            <p>
              <strong>{fact.kind === "info_supplied" && fact.actor.kind === "system" ? t("未收到补充") : codeLabel("facts", fact.kind)}</strong> <span class="muted">{fact.actor.kind === "system" ? t("系统") : fact.actor.name}</span>
            </p>
            {textOfFact(fact.body) && <p>{textOfFact(fact.body)}</p>}
            <p class="hint">{formatShort(fact.at)}</p>
          </li>
        ))}
      </ol>
      {!facts && <p class="hint">{t("经过需联网查看")}</p>}
    </details>
  );
}
