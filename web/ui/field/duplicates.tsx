// Whether the same matter was reported nearby a short while ago: shown while there is a network, never in the way.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask } from "./ask";
import { dropDraft } from "./drafts";
import { newId } from "./ids";
import { enqueue, flush } from "./outbox";
import type { ReportDraft } from "./report_draft";
import { instead } from "./router";
import { who } from "./session";
import type { Item } from "./states";
import { language, t, word } from "./texts";
import type { CaseItem } from "./types";
import { Icon } from "./ui";

interface Near {
  case: CaseItem;
  why_zh: string;
  why_en: string;
}

async function look(draft: ReportDraft): Promise<Near[]> {
  const wanted = new URLSearchParams({ category: draft.category });
  if (draft.place) {
    wanted.set("lat", String(draft.place.lat));
    wanted.set("lon", String(draft.place.lon));
  }
  if (draft.grid) wanted.set("grid", draft.grid);
  try {
    return (await ask<{ items: Near[] }>("GET", `cases/duplicates?${wanted}`, { language })).data.items;
  } catch {
    return []; // away, or a server that does not know: the report goes on
  }
}

export function Duplicates({ draft, title, name }: { draft: ReportDraft; title: string; name: string }): JSX.Element | null {
  const [near, setNear] = useState<Near[]>([]);
  const [anyway, setAnyway] = useState(false);
  const { category, grid, place } = draft;
  useEffect(() => {
    setNear([]);
    setAnyway(false);
    if (!category || (!grid && !place) || !navigator.onLine || name.startsWith("edit:")) return;
    let gone = false;
    void look(draft).then((found) => void (gone || setNear(found)));
    return () => void (gone = true);
  }, [category, grid, place?.lat, place?.lon]);
  if (!near.length || anyway) return null;
  const add = async (known: Near): Promise<void> => {
    const [id] = await enqueue(addition(draft, known, title));
    await dropDraft(name);
    instead(`sent/${id}`);
    void flush(true);
  };
  return (
    <section class="card stack-s duplicates" role="status">
      <h2>
        <Icon name="error-circle" /> {t("可能重复")}
      </h2>
      {near.slice(0, 3).map((known) => (
        <div class="stack-s" key={known.case.case_no}>
          <p>
            <a href={`#/task/${known.case.case_no}`}>{known.case.title}</a>
            <br />
            <span class="muted">
              {language === "en" ? known.why_en : known.why_zh} · {word("stages", known.case.stage)}
            </span>
          </p>
          <button type="button" class="wide" disabled={!draft.photos.length && !draft.description.trim()} onClick={() => void add(known)}>
            {t("追加到 %(no)s", { no: known.case.case_no })}
          </button>
        </div>
      ))}
      <button type="button" class="wide" onClick={() => setAnyway(true)}>
        {t("仍然上报")}
      </button>
    </section>
  );
}

/** What was written, added to the case that is there. */
function addition(draft: ReportDraft, known: Near, title: string): Item {
  const me = who().me!;
  const photos = draft.photos.map(({ id }) => id);
  return {
    id: newId(),
    kind: "command",
    command: photos.length ? "attach" : "comment",
    case_no: known.case.case_no,
    made_at: Date.now(),
    by: me.id,
    by_name: me.name || me.username,
    language,
    title: `${t("追加")} · ${title}`,
    body: { note: draft.description.trim() || t("现场照片") },
    photos,
    photo_field: "attachments",
    sent: {},
    state: "waiting",
    tries: 0,
    next_at: 0,
  };
}
