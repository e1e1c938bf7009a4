// Steps of running emergency plans that were given to the person: shown first on the phone, confirmed in two taps.
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { useCached } from "../server/cached";
import { request, ServerRefusal } from "../server/request";
import { goBack } from "../router";
import { formatShort } from "../words/moments";
import { language, t } from "../words/texts";
import { Cell, Empty, Icon, Light, Note, Screen } from "../parts/ui";

const REFRESH_INTERVAL = 30_000;
const PATH = "emergency-steps";

interface Step {
  run: string;
  case_no: string;
  plan_zh: string;
  plan_en: string;
  name: string;
  step: string;
  name_zh: string;
  name_en: string;
  due_at: string;
  report: boolean;
}

const stepName = (step: Step): string => (language === "en" ? step.name_en : step.name_zh);
const planName = (step: Step): string => (language === "en" ? step.plan_en : step.plan_zh);
const isLate = (step: Step): boolean => new Date(step.due_at).getTime() <= Date.now();

/** On the first screen, above everything else; nothing where no step waits. */
export function EmergencySteps(): JSX.Element | null {
  const { value } = useCached<{ items: Step[] }>(PATH, REFRESH_INTERVAL);
  if (!value?.items.length) return null;
  return (
    <section aria-label={t("应急步骤")}>
      <h2 class="list-head">{t("应急步骤 (%(n)s)", { n: value.items.length })}</h2>
      <div class="cells">
        {value.items.map((step) => (
          <Cell href={`#/emergency/${step.run}/${step.step}`} key={`${step.run}:${step.step}`}>
            <strong class="cell-title">{stepName(step)}</strong>
            <span class="cell-line">
              <Light light={isLate(step) ? "red" : "yellow"}>{isLate(step) ? t("已超时") : t("%(time)s 前完成", { time: formatShort(step.due_at) })}</Light>
              <span class="muted">{planName(step)}</span>
            </span>
            <span class="cell-line muted">{step.name}</span>
          </Cell>
        ))}
      </div>
    </section>
  );
}

/** One step: confirm it, or say why it does not apply. */
export function EmergencyStep({ run, step: code }: { run: string; step: string }): JSX.Element {
  const { value, fault } = useCached<{ items: Step[] }>(PATH);
  const step = value?.items.find((one) => one.run === run && one.step === code);
  const [note, setNote] = useState("");
  const [photo, setPhoto] = useState<File | null>(null);
  const [leaves, setLeaves] = useState(false);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const ids = useRef<Record<string, string>>({});
  if (!step) {
    return (
      <Screen title={t("应急步骤")} leave>
        {!value && fault === "away" ? <Note kind="warn">{t("没有网络,步骤还没有保存在本机")}</Note> : value ? <Empty>{t("这一步已经办结")}</Empty> : <p class="muted">{t("正在读取…")}</p>}
      </Screen>
    );
  }
  const send = async (command: string, body: Record<string, unknown>): Promise<void> => {
    setBusy(true);
    setWrong("");
    try {
      if (photo && command === "confirm") {
        const form = new FormData();
        form.append("file", photo);
        body["attachments"] = [(await request<{ sha256: string }>("POST", "attachments", { form, language })).data.sha256];
      }
      // The same content keeps its id: sent again after a lost answer, it counts once.
      const key = `${command} ${JSON.stringify(body)}`;
      const id = (ids.current[key] ??= crypto.randomUUID());
      await request("POST", `emergencies/${run}/commands/${command}`, { body, id, language });
      goBack();
    } catch (error) {
      setWrong(error instanceof ServerRefusal ? error.detail : t("没有网络,没有提交:请恢复后再点一次,或电话报告值班台"));
    } finally {
      setBusy(false);
    }
  };
  const label = leaves ? t("不适用的理由") : step.report ? t("报告给了谁") : t("说明(可不填)");
  return (
    <Screen title={stepName(step)} leave>
      <p>
        <Light light={isLate(step) ? "red" : "yellow"}>{isLate(step) ? t("已超时") : t("%(time)s 前完成", { time: formatShort(step.due_at) })}</Light> {planName(step)}
      </p>
      <p class="muted">
        {step.name} · <a href={`#/task/${step.case_no}`}>{step.case_no}</a>
      </p>
      <label>
        {label}
        <textarea value={note} maxLength={2000} onInput={(event) => setNote(event.currentTarget.value)} />
      </label>
      {!leaves && (
        <label>
          {t("现场照片(可不拍)")}
          <input type="file" accept="image/*" capture="environment" onChange={(event) => setPhoto(event.currentTarget.files?.[0] ?? null)} />
        </label>
      )}
      {wrong && <Note kind="bad">{wrong}</Note>}
      {leaves ? (
        <button type="button" class="primary big" disabled={busy || !note.trim()} onClick={() => void send("leave_out", { step: code, reason: note })}>
          {t("这一步不适用")}
        </button>
      ) : (
        <button type="button" class="primary big" disabled={busy || (step.report && !note.trim())} onClick={() => void send("confirm", { step: code, note })}>
          <Icon name="check" />
          {t("确认已完成")}
        </button>
      )}
      <button type="button" class="wide" onClick={() => setLeaves(!leaves)}>
        {leaves ? t("返回确认") : t("不适用…")}
      </button>
    </Screen>
  );
}
