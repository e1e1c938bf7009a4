// F5: the person's reports by state, and their figures of this month.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useCached } from "../server/cached";
import { timeLeftText, formatShort } from "../words/moments";
import { useSession } from "../server/session";
import { t, codeLabel } from "../words/texts";
import type { CaseItem } from "../types";
import { Cell, Empty, Light, Note, Screen } from "../parts/ui";

interface Rework {
  case_no: string;
  at: string;
  reason: string;
}

interface MyReports {
  items: CaseItem[];
  month: { since: string; reported: number; closed: number; rework: number; reasons: Rework[] };
}

const STATES: [string, () => string, (item: CaseItem) => boolean][] = [
  ["open", () => t("办理中"), (item) => item.stage !== "closed"],
  ["overdue", () => t("已超期"), (item) => item.overdue && item.stage !== "closed"],
  ["rework", () => t("返工"), (item) => item.round > 1 && item.stage !== "closed"],
  ["closed", () => t("已结案"), (item) => item.stage === "closed"],
];

export function Mine(): JSX.Element {
  const { me } = useSession();
  const { value, at, fresh, fault } = useCached<MyReports>("me/reports", 60_000, me?.id);
  const [state, setState] = useState("open");
  const [typed, setTyped] = useState("");
  const [search, setSearch] = useState("");
  useEffect(() => {
    const timer = window.setTimeout(() => setSearch(typed.trim().toLowerCase()), 150);
    return () => window.clearTimeout(timer);
  }, [typed]);
  const fits = STATES.find(([code]) => code === state)![2];
  const shown = value?.items.filter((item) => (search ? `${item.title} ${item.case_no} ${item.grid_name}`.toLowerCase().includes(search) : fits(item))) ?? [];
  return (
    <Screen title={t("我的上报")} leave>
      {!value && (fault === "away" ? <Note kind="warn">{t("没有网络,列表还没有保存在本机")}</Note> : fault ? <Note kind="bad">{fault.detail}</Note> : <p class="muted">{t("正在读取…")}</p>)}
      {value && (
        <>
          <Month month={value.month} />
          <label class="sr" for="search">
            {t("搜索标题或编号")}
          </label>
          <input id="search" type="search" class="wide" placeholder={t("搜索标题或编号")} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
          {!search && (
            <div class="segments" role="group" aria-label={t("状态")}>
              {STATES.map(([code, title, test]) => (
                <button type="button" aria-pressed={state === code} onClick={() => setState(code)} key={code}>
                  {title()} <span class="num">{value.items.filter(test).length}</span>
                </button>
              ))}
            </div>
          )}
          {at && !fresh && <p class="hint">{t("更新于 %(time)s", { time: formatShort(at) })}</p>}
          {!shown.length && <Empty>{value.items.length ? t("没有符合的案件") : t("还没有上报")}</Empty>}
          <div class="cells">
            {shown.map((item) => (
              <Cell href={`#/task/${item.case_no}`} key={item.case_no}>
                <strong class="cell-title">{item.title}</strong>
                <span class="cell-line">
                  {item.stage === "closed" ? (
                    <Light light="closed">{codeLabel("outcomes", item.outcome)}</Light>
                  ) : (
                    <Light light={item.light}>
                      {codeLabel("stages", item.stage)} {timeLeftText(item)}
                    </Light>
                  )}
                  {item.round > 1 && <span class="tag">{t("第 %(n)s 轮", { n: item.round })}</span>}
                </span>
                <span class="cell-line muted">
                  {item.case_no} · {formatShort(item.reported_at)}
                </span>
              </Cell>
            ))}
          </div>
        </>
      )}
    </Screen>
  );
}

function Month({ month }: { month: MyReports["month"] }): JSX.Element {
  const figures: [string, number][] = [
    [t("本月上报"), month.reported],
    [t("已结案"), month.closed],
    [t("返工"), month.rework],
  ];
  return (
    <section class="card" aria-label={t("本月")}>
      <dl class="figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {month.reasons.length > 0 && (
        <details>
          <summary>{t("返工原因")}</summary>
          <ul class="plain stack-s">
            {month.reasons.map((rework) => (
              <li key={rework.case_no + rework.at}>
                <a href={`#/task/${rework.case_no}`}>{rework.case_no}</a> <span class="muted">{formatShort(rework.at)}</span>
                <br />
                {rework.reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
