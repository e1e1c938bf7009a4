// The state of a report that was just made: stored on the phone, stored on the server, recorded with its case number.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { request, ServerRefusal } from "../server/request";
import { items } from "../store/outbox";
import { type Item } from "../store/item_states";
import { language, t } from "../words/texts";
import { Icon, Screen, useStored } from "../parts/ui";
import { stateLabel } from "./outbox";

async function readItems(id: string): Promise<Item[]> {
  return (await items()).filter((item) => item.id === id || item.after === id);
}

export function Sent({ id }: { id: string }): JSX.Element {
  const related = useStored(() => readItems(id), [] as Item[], id);
  const item = related.find((known) => known.id === id);
  const settled = related.find((known) => known.after === id);
  const done = item?.state === "done";
  const rejected = item?.state === "rejected";
  return (
    <Screen title={t("上报结果")} leave={() => (location.hash = "#/")}>
      <div class="result" role="status">
        <span class={`result-sign ${done ? "good" : rejected ? "bad" : ""}`}>
          <Icon name={done ? "check-circle" : rejected ? "close-circle" : "cloud"} />
        </span>
        {item && (
          <>
            <p class="result-line">{done ? t("已受理") : rejected ? t("被拒") : item.state === "stored" ? t("已保存在服务器,待登记") : t("已保存,待上传")}</p>
            {done && <p class="result-number num">{item.case_no}</p>}
            <p class="muted">{item.title}</p>
            {!done && <p class="hint">{rejected ? item.reason : item.state === "stored" ? t("服务器已安全保存,编号稍后显示") : `${t("照片和内容已保存在手机上,关闭页面也不会丢失")} · ${stateLabel(item)}`}</p>}
            {settled && <p class="hint">{t("自处置: %(state)s", { state: settled.state === "done" ? t("已提交核查") : stateLabel(settled) })}</p>}
          </>
        )}
      </div>
      <div class="stack">
        {rejected && (
          <a class="button primary wide" href={`#/report?item=${id}`}>
            {t("修改")}
          </a>
        )}
        {done && item.kind === "report" && <ProgressCode case_no={item.case_no ?? ""} />}
        {done && (
          <a class="button wide" href={`#/task/${item.case_no}`}>
            {t("查看案件")}
          </a>
        )}
        <a class="button wide" href="#/report">
          <Icon name="camera" />
          {t("继续上报")}
        </a>
        <a class="button wide" href="#/">
          {t("回到任务")}
        </a>
      </div>
    </Screen>
  );
}

/** 查询码: the progress code, by which the reporter follows the case without an account. */
function ProgressCode({ case_no }: { case_no: string }): JSX.Element {
  const [code, setCode] = useState("");
  const [asksPhone, setAsksPhone] = useState(false);
  const [fault, setFault] = useState("");
  const get = async (): Promise<void> => {
    try {
      const { data } = await request<{ code: string; asks_phone: boolean }>("POST", `cases/${case_no}/progress-code`, { language });
      setCode(data.code);
      setAsksPhone(data.asks_phone);
    } catch (error) {
      setFault(error instanceof ServerRefusal ? error.detail : t("没有网络,稍后再取查询码"));
    }
  };
  if (code)
    return (
      <p class="card code" role="status">
        {t("查询码,请告诉反映人")}
        <strong class="mono">{code}</strong>
        <img src={`../p/qr.svg?code=${code}`} alt={t("查询码的二维码,请反映人扫码")} width={180} height={180} />
        {asksPhone && <span class="hint">{t("查询时还要输入反映人手机号后四位")}</span>}
      </p>
    );
  return (
    <>
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <button type="button" class="wide" onClick={() => void get()}>
        {t("给反映人的查询码")}
      </button>
    </>
  );
}
