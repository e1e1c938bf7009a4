// All duties that the phone keeps: to do, to come, done.
import type { JSX } from "preact";
import { DutyCell, useDuties } from "../parts/duties";
import { formatShort } from "../words/moments";
import { useSession } from "../server/session";
import { t } from "../words/texts";
import type { Duty } from "../types";
import { Empty, Note, Screen } from "../parts/ui";

export function Duties(): JSX.Element {
  const { me } = useSession();
  const { value, at, fresh, fault, reported } = useDuties(me);
  if (!value) {
    return (
      <Screen title={t("勤务")} leave>
        {fault === "away" ? <Note kind="warn">{t("没有网络,勤务列表还没有保存在本机")}</Note> : fault ? <Note kind="bad">{fault.detail}</Note> : <p class="muted">{t("正在读取…")}</p>}
      </Screen>
    );
  }
  const isDone = (duty: Duty): boolean => duty.status === "done" || duty.status === "late" || reported.has(duty.id);
  const opens = (duty: Duty): boolean => new Date(duty.opens_at).getTime() <= Date.now();
  const groups: [string, Duty[]][] = [
    [t("现在可办"), value.duties.filter((duty) => !isDone(duty) && opens(duty))],
    [t("即将开始"), value.duties.filter((duty) => !isDone(duty) && !opens(duty))],
    [t("已办"), value.duties.filter(isDone)],
  ];
  return (
    <Screen title={t("勤务")} leave>
      {at && <p class="hint">{t("更新于 %(time)s", { time: formatShort(at) })}</p>}
      {!fresh && fault === "away" && <p class="hint">{t("没有网络:显示的是上次的列表")}</p>}
      {!value.duties.length && <Empty>{t("近日没有勤务")}</Empty>}
      {groups.map(
        ([title, duties]) =>
          duties.length > 0 && (
            <section key={title}>
              <h2 class="list-kind">
                {title} ({duties.length})
              </h2>
              <div class="cells">
                {duties.map((duty) => (
                  <DutyCell duty={duty} reported={reported.get(duty.id)} key={duty.id} />
                ))}
              </div>
            </section>
          ),
      )}
    </Screen>
  );
}
