// Optional parts of a report: the enterprise it is about, self-closing on the spot, and the reporter's contact.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Fault } from "../parts/fault";
import { request } from "../server/request";
import type { ReportDraft } from "../store/report_draft";
import { language, t } from "../words/texts";
import { Photos } from "./photos";

const MAX_TEXT = 200;

interface Props {
  draft: ReportDraft;
  change: (part: Partial<ReportDraft>) => void;
  /** The lines drawn into photos. */
  mark: string[];
  /** Whether self-closing is offered. */
  self: boolean;
  /** How the reporter may choose to be told. */
  ways: string[];
  fault: (part: string) => string;
}

export function ReportMore({ draft, change, mark, self, ways, fault }: Props): JSX.Element {
  return (
    <>
      <Enterprise draft={draft} change={change} />
      {self && <SelfSettled draft={draft} change={change} mark={mark} fault={fault("self")} />}
      <Reporter draft={draft} change={change} ways={ways} fault={fault("reporter")} />
    </>
  );
}

interface Suggestion {
  code: string;
  name: string;
  why_zh: string;
  why_en: string;
}

/** Enterprises by what was typed, else by the description and the place; none without a network. */
async function suggest(draft: ReportDraft, typed: string): Promise<Suggestion[]> {
  const params = new URLSearchParams({ limit: "6" });
  const words = typed || draft.description.trim();
  if (words) params.set("q", words);
  if (draft.grid) params.set("grid", draft.grid);
  if (draft.place && !draft.grid_by_hand) {
    params.set("lat", String(draft.place.lat));
    params.set("lon", String(draft.place.lon));
  }
  try {
    return (await request<Suggestion[]>("GET", `enterprises/suggest?${params}`, { language })).data;
  } catch {
    return [];
  }
}

function Enterprise({ draft, change }: Pick<Props, "draft" | "change">): JSX.Element {
  const [open, setOpen] = useState(Boolean(draft.enterprise));
  const [typed, setTyped] = useState("");
  const [found, setFound] = useState<Suggestion[]>([]);
  const { grid, place, description } = draft;
  useEffect(() => {
    if (!open || !navigator.onLine) return;
    let unmounted = false;
    const timer = setTimeout(() => void suggest(draft, typed.trim()).then((some) => void (unmounted || setFound(some))), 300);
    return () => {
      unmounted = true;
      clearTimeout(timer);
    };
  }, [open, typed, grid, place?.lat, place?.lon, description]);
  return (
    <details class="card" id="enterprise" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {t("涉及企业(选填)")}
        {draft.enterprise_name && <strong> · {draft.enterprise_name}</strong>}
      </summary>
      <div class="stack-s">
        <label>
          {t("企业名称或信用代码")}
          <input maxLength={80} autocomplete="off" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
        </label>
        {found.map((one) => (
          <button type="button" class="wide" aria-pressed={draft.enterprise === one.code} onClick={() => change({ enterprise: one.code, enterprise_name: one.name })} key={one.code}>
            {one.name} <small class="muted">{language === "en" ? one.why_en : one.why_zh}</small>
          </button>
        ))}
        {!found.length && <p class="hint">{navigator.onLine ? t("附近没有登记的企业,可输入名称查找") : t("没有网络时不能查找企业,受理时可补填")}</p>}
        {draft.enterprise && (
          <button type="button" onClick={() => change({ enterprise: "", enterprise_name: "" })}>
            {t("不涉及企业")}
          </button>
        )}
      </div>
    </details>
  );
}

type Part = Pick<Props, "draft" | "change"> & { fault: string };

function SelfSettled({ draft, change, mark, fault }: Part & { mark: string[] }): JSX.Element {
  return (
    <section class="card stack-s" id="self">
      <label class="check">
        <input type="checkbox" checked={draft.self} onChange={(event) => change({ self: event.currentTarget.checked })} />
        {t("我已现场处置(自处置)")}
      </label>
      {draft.self && (
        <>
          <label>
            {t("处置结果")}
            <textarea rows={2} maxLength={MAX_TEXT} value={draft.self_result} onInput={(event) => change({ self_result: event.currentTarget.value })} />
          </label>
          <Photos id="self-photos" photos={draft.self_photos} mark={mark} fault="" change={(self_photos) => change({ self_photos })} after />
          <p class="hint">{t("自处置后仍由核查员核查")}</p>
        </>
      )}
      <Fault text={fault} />
    </section>
  );
}

const WAYS: Record<string, () => string> = { "": () => t("不用"), sms: () => t("发短信到手机"), mail: () => t("发电子邮件") };

function Reporter({ draft, change, ways, fault }: Part & { ways: string[] }): JSX.Element {
  const tell = draft.reporter_tell ?? "";
  const [open, setOpen] = useState(false);
  return (
    <details class="card" id="reporter" open={open || fault !== ""} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("群众反映(选填)")}</summary>
      <div class="stack-s">
        <label>
          {t("姓名")}
          <input maxLength={80} autocomplete="off" value={draft.reporter_name} onInput={(event) => change({ reporter_name: event.currentTarget.value })} />
        </label>
        <label>
          {t("电话")}
          <input type="tel" maxLength={60} autocomplete="off" value={draft.reporter_phone} onInput={(event) => change({ reporter_phone: event.currentTarget.value })} />
        </label>
        {(ways.length > 0 || draft.reporter_tell !== undefined) && (
          <fieldset>
            <legend>{t("告知上报人进展")}</legend>
            <p class="hint">{t("受理、暂停和办结时各一次,随时可用消息中的链接停止")}</p>
            <div class="row">
              {["", ...ways].map((way) => (
                <label class="check" key={way}>
                  <input type="radio" name="tell_by" checked={tell === way} onChange={() => change({ reporter_tell: way })} />
                  {WAYS[way]?.() ?? way}
                </label>
              ))}
            </div>
            <p class="hint">{t("请先征得其同意;号码和邮箱只用于告知这件事项的进展")}</p>
          </fieldset>
        )}
        {tell === "mail" && (
          <label>
            {t("电子邮箱")}
            <input type="email" maxLength={254} autocomplete="off" value={draft.reporter_mail ?? ""} onInput={(event) => change({ reporter_mail: event.currentTarget.value })} />
          </label>
        )}
        <p class="hint">{t("姓名、电话和邮箱加密保存,办理人员看不到")}</p>
        <Fault text={fault} />
      </div>
    </details>
  );
}
