// The choice of a category: recently used ones, then the tree, or a search by text or pinyin initials.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { matches } from "../words/pinyin";
import { recentCategories } from "../store/recents";
import { localName, t } from "../words/texts";
import type { Category, Group } from "../types";
import { Empty, Icon, Screen } from "../parts/ui";

function inUse(category: Category): boolean {
  return category.active !== false;
}

export function Categories({ groups, chosen, choose }: { groups: Group[]; chosen: string; choose: (code: string) => void }): JSX.Element {
  const [typed, setTyped] = useState("");
  const fits = (category: Category): boolean => matches(category.name_zh, typed) || matches(category.name_en, typed) || category.code.startsWith(typed.trim());
  const all = groups.flatMap(({ categories }) => categories).filter(inUse);
  const recents = recentCategories()
    .map((code) => all.find((known) => known.code === code))
    .filter((known) => known !== undefined);
  const shown = typed.trim() ? [{ code: "found", title: t("搜索结果"), categories: all.filter(fits) }] : groups.map((group) => ({ code: group.code, title: localName(group), categories: group.categories.filter(inUse) }));
  if (!typed.trim() && recents.length) shown.unshift({ code: "recent", title: t("最近使用"), categories: recents });
  return (
    <Screen title={t("选择类别")} leave>
      <label class="sr" for="search">
        {t("搜索类别,可输拼音首字母")}
      </label>
      <input id="search" type="search" class="wide" autocomplete="off" placeholder={t("搜索类别,可输拼音首字母")} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      {!all.length && <Empty>{t("类别还没有保存在本机,请先联网打开一次")}</Empty>}
      {all.length > 0 && typed.trim() && !shown[0]!.categories.length && <Empty>{t("没有符合的类别")}</Empty>}
      {shown.map(
        (group) =>
          group.categories.length > 0 && (
            <section key={group.code}>
              <h2 class="list-kind">{group.title}</h2>
              <div class="cells">
                {group.categories.map((category) => (
                  <button type="button" class="cell" aria-pressed={category.code === chosen} onClick={() => choose(category.code)} key={category.code}>
                    <span class="cell-main">{localName(category)}</span>
                    {category.code === chosen && <Icon name="check" />}
                  </button>
                ))}
              </div>
            </section>
          ),
      )}
    </Screen>
  );
}
