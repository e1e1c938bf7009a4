// The person's duties (勤务) of today, on the first screen: those that can be done now and those that were missed.
import type { JSX } from "preact";
import { useCached, type CachedState } from "../server/cached";
import { formatShort } from "../words/moments";
import { items } from "../store/outbox";
import { isPending, type Item } from "../store/item_states";
import { t } from "../words/texts";
import type { Duty, Me, OwnDuties } from "../types";
import { Cell, Light, useStored } from "./ui";

const REFRESH_INTERVAL = 60_000;
/** How many duties the first screen shows. */
const FIRST = 6;

/** Duties whose report is on this phone: it waits, or the server has it (the list may have been fetched before that). */
export type Reported = Map<string, "waits" | "sent">;

/** The duties that the phone keeps, and which were reported from here. They are fetched again once a report was sent. */
export function useDuties(me: Me | null | undefined): CachedState<OwnDuties> & { reported: Reported } {
  const own = useStored(async () => (await items()).filter(({ duty }) => duty), [] as Item[]);
  const reported: Reported = new Map(own.map((item) => [item.duty!, isPending(item) ? "waits" : "sent"]));
  const sent = own.filter((item) => !isPending(item)).length;
  return { ...useCached<OwnDuties>("duties/mine", REFRESH_INTERVAL, `${me?.id}:${sent}`), reported };
}

const isUndone = ({ status }: Duty): boolean => status === "due" || status === "missed";

const isPast = ({ status, due_at }: Duty): boolean => status === "missed" || new Date(due_at).getTime() <= Date.now();

export function DutyList({ me }: { me: Me | null | undefined }): JSX.Element | null {
  const { value, reported } = useDuties(me);
  const all = value?.duties ?? [];
  const now = Date.now();
  const undone = all.filter((duty) => isUndone(duty) && !reported.has(duty.id) && new Date(duty.opens_at).getTime() <= now);
  // What can still be done in time comes first.
  const ordered = [...undone.filter((duty) => !isPast(duty)), ...undone.filter(isPast)];
  if (!all.length) return null;
  return (
    <section aria-label={t("今日勤务")}>
      <h2 class="list-head">
        {t("今日勤务 (%(n)s)", { n: undone.length })}
        <a href="#/duties">{t("全部勤务")}</a>
      </h2>
      <div class="cells">
        {ordered.slice(0, FIRST).map((duty) => (
          <DutyCell duty={duty} key={duty.id} />
        ))}
      </div>
      {!undone.length && <p class="hint">{t("现在没有要做的勤务 ✓")}</p>}
    </section>
  );
}

export function DutyCell({ duty, reported }: { duty: Duty; reported?: "waits" | "sent" }): JSX.Element {
  return (
    <Cell href={`#/duty/${duty.id}`}>
      <strong class="cell-title">
        {duty.work_name} · {duty.place || duty.grid_name}
      </strong>
      <span class="cell-line">
        <DutyState duty={duty} reported={reported} />
        <span class="muted">{t("%(time)s 前完成", { time: formatShort(duty.due_at) })}</span>
        {duty.shift && <span class="tag">{duty.shift}</span>}
      </span>
      <span class="cell-line muted">
        {duty.place ? `${duty.plan_name} · ${duty.grid_name}` : duty.plan_name}
      </span>
    </Cell>
  );
}

/** Where a duty stands, as far as the phone knows: its time may have passed since the list was fetched. */
export function DutyState({ duty, reported }: { duty: Duty; reported?: "waits" | "sent" }): JSX.Element {
  if (duty.status === "done") return <Light light="closed">{t("按时完成")}</Light>;
  if (duty.status === "late") return <Light light="closed">{t("逾期补办")}</Light>;
  if (reported) return reported === "waits" ? <Light light="grey">{t("已填写,待上传")}</Light> : <Light light="closed">{t("已报送")}</Light>;
  const left = new Date(duty.due_at).getTime() - Date.now();
  if (duty.status === "missed" || left <= 0) return <Light light="red">{t("已漏办,可补办")}</Light>;
  if (new Date(duty.opens_at).getTime() > Date.now()) return <Light light="grey">{t("%(time)s 起可办", { time: formatShort(duty.opens_at) })}</Light>;
  return <Light light={left < 3_600_000 ? "yellow" : "green"}>{t("待办")}</Light>;
}
