// What a decision is about: who asks for what, until when, and why.
import type { JSX } from "preact";
import { formatMinutes, formatShort } from "../words/moments";
import { codeLabel, t } from "../words/texts";
import type { CaseRequest, CaseView, Fact } from "../types";

const MINUTE = 60_000;

/** The kind of the fact by which something was asked for. */
const factOf = (request: CaseRequest): string => (request.kind === "void" ? "void_proposed" : `${request.kind}_requested`);

/** The pending request of a kind; undefined when it was decided or taken back. */
export function pendingRequest(about: CaseView, kind: string | undefined): CaseRequest | undefined {
  return about.requests.find((request) => request.kind === kind);
}

/** What somebody who may not grant a request is told about who does; empty where that need not be said. */
export function whoGrants(request: CaseRequest, about: CaseView): string {
  const may = (command: string): boolean => about.allowed_commands.includes(command);
  if (request.granted_by !== "supervisor" || may(`grant_${request.kind}`)) return "";
  return may(`refuse_${request.kind}`) ? t("该申请须由督查员批准,您只可以不同意。") : t("该申请须由督查员批准。");
}

/** How much later than the deadline, or of a suspension for how long; empty where that is not known. */
function spanOf(request: CaseRequest, about: CaseView): string {
  const since = request.kind === "suspension" ? request.at : about.due_at;
  if (!request.until || !since) return "";
  const minutes = (new Date(request.until).getTime() - new Date(since).getTime()) / MINUTE;
  if (minutes <= 0) return "";
  const span = formatMinutes(minutes);
  return request.kind === "suspension" ? t("共 %(span)s", { span }) : t("比现期限晚 %(span)s", { span });
}

/** The urge order that an answer is for: the earliest that is open. */
export function Urged({ about, facts }: { about: CaseView; facts: Fact[] }): JSX.Element | null {
  const order = (about.urges ?? []).find(({ answered_at, ended_at }) => !answered_at && !ended_at);
  if (!order) return null;
  const note = String(facts.find(({ kind, body }) => kind === "urged" && body["number"] === order.number)?.body["note"] ?? "");
  return (
    <section class="card stack-s">
      <h2>
        {t("督办 #%(n)s", { n: order.number })} · {codeLabel("urge_kinds", order.kind)}
      </h2>
      <dl class="facts">
        <dt>{t("督办人")}</dt>
        <dd>{order.by}</dd>
        {note && (
          <>
            <dt>{t("说明")}</dt>
            <dd class="said">{note}</dd>
          </>
        )}
        <dt>{t("答复期限")}</dt>
        <dd>{formatShort(order.reply_by)}</dd>
      </dl>
    </section>
  );
}

export function Asked({ request, about, facts }: { request: CaseRequest; about: CaseView; facts: Fact[] }): JSX.Element {
  const asked = facts.filter(({ kind }) => kind === factOf(request)).pop();
  const reason = String(asked?.body["reason"] ?? "");
  const span = spanOf(request, about);
  const told = whoGrants(request, about);
  return (
    <section class="card stack-s">
      <h2>{codeLabel("facts", factOf(request))}</h2>
      <dl class="facts">
        <dt>{t("申请人")}</dt>
        <dd>
          {request.by} · {formatShort(request.at)}
        </dd>
        {request.until && (
          <>
            <dt>{t("申请至")}</dt>
            <dd>
              {formatShort(request.until)} {span && <span class="muted">({span})</span>}
            </dd>
          </>
        )}
        {request.kind === "extension" && about.due_at && (
          <>
            <dt>{t("现期限")}</dt>
            <dd>{formatShort(about.due_at)}</dd>
          </>
        )}
        <dt>{t("理由")}</dt>
        <dd class="said">{reason || t("理由需联网查看")}</dd>
        {request.decide_by && (
          <>
            <dt>{t("答复期限")}</dt>
            <dd>{formatShort(request.decide_by)}</dd>
          </>
        )}
      </dl>
      {told && <p class="hint">{told}</p>}
    </section>
  );
}
