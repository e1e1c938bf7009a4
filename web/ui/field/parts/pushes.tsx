// 推送通知: whether this phone shows what is sent to its person, also while the app is closed.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type PushState, pushState, turnPushOff, turnPushOn } from "../device/push";
import { Unreachable } from "../server/request";
import { t } from "../words/texts";

export function Pushes(): JSX.Element | null {
  const [state, setState] = useState<PushState>();
  const [key, setKey] = useState("");
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    pushState().then(
      (found) => {
        setState(found.state);
        setKey(found.key);
      },
      // Without a network nothing can be set either.
      (error) => error instanceof Unreachable || setFault(String(error)),
    );
  }, []);
  // Nothing can be set: a word about it would only raise a question.
  if (state === "unset" || (state === undefined && !fault)) return null;
  const change = async (next: Promise<PushState>): Promise<void> => {
    setBusy(true);
    setFault("");
    try {
      setState(await next);
    } catch (error) {
      setFault(error instanceof Unreachable ? t("没有网络,设置没有保存") : t("推送没有开启:%(why)s", { why: error instanceof Error ? error.message : String(error) }));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="card stack-s" id="push">
      <h2>{t("推送通知")}</h2>
      {state === "unsupported" && <p class="hint">{t("此浏览器不支持推送,或本站未使用 https")}</p>}
      {state === "denied" && <p class="hint">{t("浏览器已禁止本站的通知,请在浏览器设置中允许后再开启")}</p>}
      {state === "on" && (
        <p role="status" class="hint">
          {t("已开启:应用关闭时也会收到通知")}
        </p>
      )}
      {state === "off" && (
        <button type="button" class="wide" disabled={busy} onClick={() => void change(turnPushOn(key))}>
          {t("在此手机上开启推送")}
        </button>
      )}
      {state === "on" && (
        <button type="button" class="wide" disabled={busy} onClick={() => void change(turnPushOff())}>
          {t("关闭推送")}
        </button>
      )}
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </section>
  );
}
