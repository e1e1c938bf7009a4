// The needs that people tell during a visit (走访诉求). With a category a case opens for one; else it is only noted.
import type { JSX } from "preact";
import { useCached } from "../server/cached";
import { localName, t } from "../words/texts";
import type { Catalogue } from "../types";
import { Icon } from "./ui";

export interface DraftNeed {
  text: string;
  category: string;
}

const MOST = 5;

export function NeedsForm({ needs, change }: { needs: DraftNeed[]; change: (needs: DraftNeed[]) => void }): JSX.Element {
  const catalogue = useCached<Catalogue>("categories");
  const set = (n: number, part: Partial<DraftNeed>): void => change(needs.map((need, i) => (i === n ? { ...need, ...part } : need)));
  return (
    <section class="card stack-s" aria-label={t("走访诉求")}>
      <h2>{t("走访诉求")}</h2>
      {needs.map((need, n) => (
        <div class="stack-s" key={n}>
          <label>
            {t("诉求 %(n)s", { n: n + 1 })}
            <textarea rows={2} maxLength={1500} value={need.text} onInput={(event) => set(n, { text: event.currentTarget.value })} />
          </label>
          <label>
            {t("办理方式")}
            <select value={need.category} onChange={(event) => set(n, { category: event.currentTarget.value })}>
              <option value="">{t("只记录")}</option>
              <option value="topic">{t("提交为议题")}</option>
              {catalogue.value?.groups.map((group) => (
                <optgroup label={t("立案:%(group)s", { group: localName(group) })} key={group.code}>
                  {group.categories
                    .filter(({ active }) => active !== false)
                    .map((category) => (
                      <option value={category.code} key={category.code}>
                        {localName(category)}
                      </option>
                    ))}
                </optgroup>
              ))}
            </select>
          </label>
          <button type="button" onClick={() => change(needs.filter((_, i) => i !== n))}>
            <Icon name="delete" />
            {t("删除诉求 %(n)s", { n: n + 1 })}
          </button>
        </div>
      ))}
      {needs.length < MOST && (
        <button type="button" class="wide" onClick={() => change([...needs, { text: "", category: "" }])}>
          <Icon name="add" />
          {t("记一条诉求")}
        </button>
      )}
    </section>
  );
}
