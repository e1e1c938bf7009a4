// Optional parts of a report: self-closing on the spot, and the reporter's contact.
import type { JSX } from "preact";
import { Fault } from "../parts/fault";
import type { ReportDraft } from "../store/report_draft";
import { t } from "../words/texts";
import { Photos } from "./photos";

const MAX_TEXT = 200;

interface Props {
  draft: ReportDraft;
  change: (part: Partial<ReportDraft>) => void;
  /** The lines drawn into photos. */
  mark: string[];
  /** Whether self-closing is offered, and whether the reporter's contact is. */
  self: boolean;
  reporter: boolean;
  fault: (part: string) => string;
}

export function ReportMore({ draft, change, mark, self, reporter, fault }: Props): JSX.Element {
  return (
    <>
      {self && <SelfSettled draft={draft} change={change} mark={mark} fault={fault("self")} />}
      {reporter && <Reporter draft={draft} change={change} fault={fault("reporter")} />}
    </>
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

function Reporter({ draft, change, fault }: Part): JSX.Element {
  return (
    <details class="card" id="reporter">
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
        <p class="hint">{t("姓名和电话单独保存,办理人员看不到")}</p>
        <Fault text={fault} />
      </div>
    </details>
  );
}
