// The category that the park's own closed cases suggest for what is being typed. It is shown only while there is a network and
// the model is certain, and never blocks the report; the person decides.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { request, ServerRefusal } from "../server/request";
import { describe, type ReportDraft } from "../store/report_draft";
import type { Category } from "../types";
import { language, localName, t } from "../words/texts";

interface Suggestion {
  target: string;
  value: string;
  certainty: number;
  words: string[];
  was_right: { shown: number; right: number } | null;
}

interface Suggestions {
  id: string | null;
  items: Suggestion[];
}

/** The fewest characters of a description that is asked about. */
const LEAST_TEXT = 5;
/** How long a pause in the typing is, milliseconds. */
const PAUSE = 700;
const MOST_KEPT = 100;

/** What this session was answered, or is being answered, by what was asked: nothing is asked twice. */
const asked = new Map<string, Promise<Suggestions | undefined>>();
/** Until when nothing is asked, because the server said so; milliseconds. */
let silentUntil = 0;

/** Ask the server, unless it was asked. Undefined without an answer: no network, or any refusal. */
function ask(key: string): Promise<Suggestions | undefined> {
  const known = asked.get(key);
  if (known) return known;
  if (!navigator.onLine || Date.now() < silentUntil) return Promise.resolve(undefined);
  if (asked.size >= MOST_KEPT) asked.delete(asked.keys().next().value!);
  const answer = request<Suggestions>("POST", "suggestions", { body: JSON.parse(key), language }).then(
    ({ data }) => data,
    (error: unknown) => {
      if (error instanceof ServerRefusal) silentUntil = Date.now() + error.retryAfter * 1000;
      // A text that the server refuses is refused again; anything else may pass.
      if (!(error instanceof ServerRefusal && error.status === 422)) asked.delete(key);
      return undefined;
    },
  );
  asked.set(key, answer);
  return answer;
}

interface Props {
  draft: ReportDraft;
  change: (part: Partial<ReportDraft>) => void;
  all: Category[];
}

export function Suggested({ draft, change, all }: Props): JSX.Element | null {
  const [found, setFound] = useState<{ key: string; answer: Suggestions }>();
  const [taken, setTaken] = useState("");
  const description = describe(draft);
  const key = JSON.stringify({ description, ...(draft.grid ? { grid: draft.grid } : {}) });
  const enough = draft.description.trim().length >= LEAST_TEXT;
  useEffect(() => {
    if (!enough) return;
    let outdated = false;
    const look = (): void => void ask(key).then((answer) => void (answer && !outdated && setFound({ key, answer })));
    const timer = setTimeout(look, asked.has(key) ? 0 : PAUSE);
    window.addEventListener("online", look);
    return () => {
      outdated = true;
      clearTimeout(timer);
      window.removeEventListener("online", look);
    };
  }, [enough, key]);
  const answer = enough && found?.key === key ? found.answer : undefined;
  const best = answer?.items.find(({ target }) => target === "category");
  const category = best && all.find(({ code, active }) => code === best.value && active !== false);
  const agrees = draft.category === category?.code;
  const shown = category && (!agrees || taken === category.code);
  const id = answer?.id ?? "";
  useEffect(() => {
    // Shown is what counts, taken or not.
    if (shown && id && draft.suggestion !== id) change({ suggestion: id });
  }, [Boolean(shown), id]);
  const take = (): void => {
    if (!category || agrees) return;
    setTaken(category.code);
    change({ category: category.code, severity: "", suggestion: id });
  };
  if (!shown) return null;
  const chosen = agrees ? undefined : all.find(({ code }) => code === draft.category);
  return (
    <section class="card stack-s" role="status" aria-labelledby="h-suggested">
      <h2 id="h-suggested">
        {t("建议类别")} <small class="muted">{t("学自本园区已办结的案件,仅供参考")}</small>
      </h2>
      <p>
        <strong>{localName(category)}</strong>
        {chosen && <span class="muted"> · {t("现选 %(name)s", { name: localName(chosen) })}</span>}
        {best.words.length > 0 && (
          <>
            <br />
            <small>
              {t("依据词语")}: {best.words.map((word) => [<mark key={word}>{word}</mark>, " "])}
            </small>
          </>
        )}
        <br />
        <small class="muted">
          {t("把握 %(share)s", { share: `${Math.min(99, Math.round(best.certainty * 100))}%` })}
          {best.was_right && ` · ${t("同等把握的建议 %(shown)s 次中正确 %(right)s 次", { shown: best.was_right.shown, right: best.was_right.right })}`}
        </small>
      </p>
      <button type="button" class="wide" aria-disabled={agrees ? "true" : undefined} onClick={take}>
        {agrees ? t("已采用 ✓") : t("采用")}
        <span class="sr"> {localName(category)}</span>
      </button>
    </section>
  );
}
