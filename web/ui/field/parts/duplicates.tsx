// Possible duplicates nearby. They are shown only while there is a network, and never block the report.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { request } from "../server/request";
import { dropDraft } from "../store/drafts";
import { newId } from "../store/ids";
import { enqueue, flush } from "../store/outbox";
import type { ReportDraft } from "../store/report_draft";
import { replaceRoute } from "../router";
import { currentSession } from "../server/session";
import type { Item } from "../store/item_states";
import { language, t, codeLabel } from "../words/texts";
import type { CaseItem } from "../types";
import { Icon } from "./ui";

interface Duplicate {
  case: CaseItem;
  why_zh: string;
  why_en: string;
}

async function findDuplicates(draft: ReportDraft): Promise<Duplicate[]> {
  const params = new URLSearchParams({ category: draft.category });
  if (draft.place) {
    params.set("lat", String(draft.place.lat));
    params.set("lon", String(draft.place.lon));
  }
  if (draft.grid) params.set("grid", draft.grid);
  try {
    return (await request<{ items: Duplicate[] }>("GET", `cases/duplicates?${params}`, { language })).data.items;
  } catch {
    return []; // no network, or a refusal: the report goes on
  }
}

export function Duplicates({ draft, title, name }: { draft: ReportDraft; title: string; name: string }): JSX.Element | null {
  const [duplicates, setDuplicates] = useState<Duplicate[]>([]);
  const [dismissed, setDismissed] = useState(false);
  const { category, grid, place } = draft;
  useEffect(() => {
    setDuplicates([]);
    setDismissed(false);
    if (!category || (!grid && !place) || !navigator.onLine || name.startsWith("edit:")) return;
    let unmounted = false;
    void findDuplicates(draft).then((found) => void (unmounted || setDuplicates(found)));
    return () => void (unmounted = true);
  }, [category, grid, place?.lat, place?.lon]);
  if (!duplicates.length || dismissed) return null;
  const add = async (known: Duplicate): Promise<void> => {
    const [id] = await enqueue(additionItem(draft, known, title));
    await dropDraft(name);
    replaceRoute(`sent/${id}`);
    void flush(true);
  };
  return (
    <section class="card stack-s duplicates" role="status">
      <h2>
        <Icon name="error-circle" /> {t("可能重复")}
      </h2>
      {duplicates.slice(0, 3).map((known) => (
        <div class="stack-s" key={known.case.case_no}>
          <p>
            <a href={`#/task/${known.case.case_no}`}>{known.case.title}</a>
            <br />
            <span class="muted">
              {language === "en" ? known.why_en : known.why_zh} · {codeLabel("stages", known.case.stage)}
            </span>
          </p>
          <button type="button" class="wide" disabled={!draft.photos.length && !draft.description.trim()} onClick={() => void add(known)}>
            {t("追加到 %(no)s", { no: known.case.case_no })}
          </button>
        </div>
      ))}
      <button type="button" class="wide" onClick={() => setDismissed(true)}>
        {t("仍然上报")}
      </button>
    </section>
  );
}

/** The command that adds the text and photos of the draft to the existing case. */
function additionItem(draft: ReportDraft, duplicate: Duplicate, title: string): Item {
  const me = currentSession().me!;
  const photos = draft.photos.map(({ id }) => id);
  return {
    id: newId(),
    kind: "command",
    command: photos.length ? "attach" : "comment",
    case_no: duplicate.case.case_no,
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
