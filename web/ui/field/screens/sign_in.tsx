// Signing in within the app; the outbox is not affected.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { request, ServerRefusal } from "../server/request";
import { flush } from "../store/outbox";
import { goBack, replaceRoute, currentRoute } from "../router";
import { pageFor, isLarge, saveSetting, setLarge } from "../store/settings";
import { signIn, useSession } from "../server/session";
import { language, t } from "../words/texts";
import { Note, Screen, useOnline } from "../parts/ui";

export function SignIn(): JSX.Element {
  const { me } = useSession();
  const online = useOnline();
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const [asksCode, setAsksCode] = useState(false);
  const [provider, setProvider] = useState<string | null>(null);
  useEffect(() => {
    request<{ openid: string | null }>("GET", "auth/methods").then(
      ({ data }) => setProvider(data.openid === null ? null : data.openid || t("统一身份认证")),
      () => setProvider(null), // without a network there is nothing to sign in to
    );
  }, []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const form = new FormData(event.target as HTMLFormElement);
    setBusy(true);
    setFault("");
    try {
      await signIn(String(form.get("username")).trim(), String(form.get("password")), String(form.get("otp") ?? ""));
      if (currentRoute().parts[0] === "sign-in") replaceRoute("");
      void flush(true);
    } catch (error) {
      if (error instanceof ServerRefusal && error.code === "second_factor_required") setAsksCode(true);
      setFault(error instanceof ServerRefusal ? error.detail : t("连不上服务器,请在有网络时登录"));
    }
    setBusy(false);
  };
  return (
    <Screen title={t("登录")} leave={me ? () => goBack() : undefined}>
      <form class="card stack sign-in" onSubmit={(event) => void submit(event)}>
        <p class="muted">{t("网格事件 · 手机版")}</p>
        {!online && <Note kind="warn">{t("现在没有网络,登录需要联网")}</Note>}
        {fault && (
          <div class="alert" role="alert">
            {fault}
          </div>
        )}
        <label>
          {t("用户名")}
          <input name="username" autocomplete="username" autocapitalize="none" required defaultValue={me?.username ?? ""} />
        </label>
        <label>
          {t("密码")}
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        {asksCode && (
          <label>
            {t("验证码")}
            <input name="otp" autocomplete="one-time-code" autocapitalize="none" maxLength={20} required />
          </label>
        )}
        <button class="primary wide" disabled={busy}>
          {busy ? t("正在登录…") : t("登录")}
        </button>
      </form>
      {provider && (
        <a class="button wide" href={`/sign-in/openid?next=${encodeURIComponent(location.pathname)}`}>
          {t("用%(name)s登录", { name: provider })}
        </a>
      )}
      <p class="row centre">
        <Switches />
      </p>
    </Screen>
  );
}

/** The switches for language and large type, also without a sign-in. */
export function Switches(): JSX.Element {
  const [large, setNow] = useState(isLarge());
  const other = language === "en" ? "zh" : "en";
  const change = (): void => {
    saveSetting("language", other);
    location.assign(pageFor(other) + location.hash);
  };
  return (
    <span class="row">
      <button type="button" lang={other} onClick={change}>
        {other === "en" ? "English" : "中文"}
      </button>
      <button
        type="button"
        aria-pressed={large}
        onClick={() => {
          setLarge(!large);
          setNow(!large);
        }}
      >
        {t("长辈版")}
      </button>
    </span>
  );
}
