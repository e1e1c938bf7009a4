// F6: settings of this phone, its cache, and signing out.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { request, ServerRefusal, Unreachable } from "../server/request";
import { bridge } from "../device/bridge";
import { dropPush } from "../device/push";
import { cacheAnswer, useCached } from "../server/cached";
import { items } from "../store/outbox";
import { clearCache, openSession, signOut, useSession } from "../server/session";
import { localStore } from "../store/database";
import { isPending } from "../store/item_states";
import { language, t, codeLabel } from "../words/texts";
import { Pushes } from "../parts/pushes";
import { Cell, Icon, Note, Screen, useStored } from "../parts/ui";
import { Switches } from "./sign_in";

export async function cachedBytes(): Promise<number> {
  const place = await localStore;
  const pictures = await place.all<{ id: string; data: ArrayBuffer }>("files");
  const answers = await place.all("kept");
  return pictures.reduce((sum, { data }) => sum + data.byteLength, JSON.stringify(answers).length);
}

export function MePage(): JSX.Element {
  const { me, expired } = useSession();
  const [cleared, setCleared] = useState(0);
  const bytes = useStored(cachedBytes, 0, cleared);
  return (
    <Screen title={t("我")}>
      <section class="card">
        <p class="cell-title">
          <strong>{me?.name || me?.username}</strong>
        </p>
        <p class="muted">{[...new Set(me?.roles.map(({ role }) => codeLabel("roles", role)))].join(" · ")}</p>
      </section>
      <section class="card stack-s">
        <h2>{t("显示")}</h2>
        <Switches />
      </section>
      <div class="cells">
        <Cell href="#/mine">
          <Icon name="history" /> {t("我的上报")}
        </Cell>
        <Cell href="#/notices">
          <Icon name="notification" /> {t("通知")}
        </Cell>
        <Cell href="/park">
          <Icon name="flag" /> {t("园区工作")}
        </Cell>
        <Cell href="#/diagnosis">
          <Icon name="info-circle" /> {t("诊断信息")}
        </Cell>
      </div>
      <QuietHours />
      {!expired && <Pushes />}
      <section class="card stack-s">
        <h2>{t("本机缓存")}</h2>
        <p role="status">{t("任务和图片占用 %(mb)s MB", { mb: (bytes / 1e6).toFixed(1) })}</p>
        <button
          type="button"
          class="wide"
          onClick={async () => {
            await clearCache();
            setCleared(cleared + 1);
            await openSession();
          }}
        >
          {t("清理缓存")}
        </button>
        <p class="hint">{t("清理不影响待上传的内容和草稿")}</p>
      </section>
      {!expired && (
        <a class="button wide" href="/settings/notifications">
          {t("通知方式")}
        </a>
      )}
      {!expired && (
        <a class="button wide" href="/settings/security">
          {t("登录与安全")}
        </a>
      )}
      {expired ? (
        <button type="button" class="primary wide" onClick={() => bridge.login()}>
          {t("登录")}
        </button>
      ) : (
        <SignOut />
      )}
    </Screen>
  );
}

interface Hours {
  since: string;
  until: string;
}

const DEFAULT_HOURS: Hours = { since: "22:00", until: "07:00" };

/** 免打扰: stored with the account, so that it also applies at the desk. */
function QuietHours(): JSX.Element | null {
  const { value } = useCached<{ quiet: Hours | null }>("me/settings");
  // The last choice is shown; the cache only has the value from when the screen was opened.
  const [chosen, setChosen] = useState<Hours | null>();
  const [fault, setFault] = useState("");
  const [kept, setKept] = useState(false);
  if (!value) return null;
  const quiet = chosen === undefined ? value.quiet : chosen;
  const keep = async (next: Hours | null): Promise<void> => {
    setChosen(next);
    setFault("");
    setKept(false);
    try {
      const { data } = await request("PUT", "me/settings", { body: { quiet: next }, language });
      await cacheAnswer("me/settings", data);
      setKept(true);
    } catch (error) {
      setChosen(quiet);
      setFault(error instanceof ServerRefusal ? t("开始和结束时间须不同") : t("没有网络,设置没有保存"));
    }
  };
  return (
    <section class="card stack-s" id="quiet">
      <h2>{t("免打扰")}</h2>
      <label class="check">
        <input type="checkbox" checked={quiet !== null} onChange={(event) => void keep(event.currentTarget.checked ? DEFAULT_HOURS : null)} />
        {t("每天在这段时间不提醒")}
      </label>
      {quiet && (
        <div class="pair">
          <label>
            {t("从")}
            <input type="time" value={quiet.since.slice(0, 5)} onChange={(event) => void keep({ ...quiet, since: event.currentTarget.value })} />
          </label>
          <label>
            {t("到")}
            <input type="time" value={quiet.until.slice(0, 5)} onChange={(event) => void keep({ ...quiet, until: event.currentTarget.value })} />
          </label>
        </div>
      )}
      <p class="hint">{t("期间通知照常送达,角标不出现;紧急、重大案件和督办照常提醒")}</p>
      {kept && (
        <p class="hint" role="status">
          {t("设置已保存 ✓")}
        </p>
      )}
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </section>
  );
}

function SignOut(): JSX.Element {
  const waiting = useStored(async () => (await items()).filter(isPending).length, 0);
  const [asked, setAsked] = useState(false);
  const [fault, setFault] = useState("");
  const leave = async (): Promise<void> => {
    if (waiting && !asked) return setAsked(true);
    try {
      await signOut();
      await dropPush();
      location.hash = "#/";
    } catch (error) {
      setFault(error instanceof Unreachable ? t("没有网络,暂时不能退出") : String(error));
    }
  };
  return (
    <section class="stack-s">
      {asked && <Note kind="warn">{t("还有 %(n)s 件未上传。退出后它们留在本机,由您再次登录后上传。", { n: waiting })}</Note>}
      {fault && (
        <div class="alert" role="alert">
          {fault}
        </div>
      )}
      <button type="button" class={asked ? "wide danger" : "wide"} onClick={() => void leave()}>
        <Icon name="logout" />
        {asked ? t("仍然退出") : t("退出登录")}
      </button>
    </section>
  );
}
