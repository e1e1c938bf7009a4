// The questions of a category in a report. The answers are part of the draft, and are kept and sent with it.
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { shownQuestions, stoppedBy, wrongAnswers, type Answers } from "../store/questions";
import type { DraftPhoto } from "../store/report_draft";
import { language, t } from "../words/texts";
import type { Category, Question } from "../types";
import { Fault } from "./fault";
import { Note } from "./ui";

interface Props {
  category: Category;
  answers: Answers;
  photos: DraftPhoto[];
  /** Whether the notice that stops the form was read. */
  went_on: boolean;
  /** Empty until somebody has tried to submit. */
  fault: string;
  change: (part: { answers?: Answers; went_on?: boolean }) => void;
}

const word = (zh: string | undefined, en: string | undefined): string => (language === "en" ? en : zh) ?? "";

export function Questions({ category, answers, photos, went_on, fault, change }: Props): JSX.Element | null {
  // What was answered since this was drawn counts too: two answers may come before the next drawing.
  const latest = useRef(answers);
  latest.current = answers;
  const shown = shownQuestions(category, answers);
  if (!shown.length) return null;
  const wrong = fault ? wrongAnswers(category, answers) : [];
  const stops = stoppedBy(category, answers);
  const answer = (code: string, texts: string[]): void => {
    latest.current = { ...latest.current, [code]: texts };
    change({ answers: latest.current, went_on: false });
  };
  return (
    <section class="card stack-s" id="questions">
      <h2>{t("问项")}</h2>
      {shown.map((question) => (
        <Ask question={question} given={answers[question.code] ?? []} photos={photos} wrong={wrong.includes(question)} answer={(texts) => answer(question.code, texts)} key={question.code} />
      ))}
      {stops.map(({ code, stop }) => (
        <Note kind="bad" key={code}>
          <strong>{word(stop!.notice_zh, stop!.notice_en)}</strong>
          <a class="button danger wide big" href={`tel:${stop!.telephone.replaceAll(" ", "")}`}>
            ☎ {stop!.telephone}
          </a>
        </Note>
      ))}
      {stops.length > 0 && stops.every(({ stop }) => stop!.may_report !== false) && (
        <label class="check">
          <input type="checkbox" checked={went_on} onChange={(event) => change({ went_on: event.currentTarget.checked })} />
          {t("已打电话,仍要上报(按重大事项办理)")}
        </label>
      )}
      <Fault text={fault} />
    </section>
  );
}

interface AskProps {
  question: Question;
  given: string[];
  photos: DraftPhoto[];
  wrong: boolean;
  answer: (texts: string[]) => void;
}

function Ask({ question, given, photos, wrong, answer }: AskProps): JSX.Element {
  const name = word(question.text_zh, question.text_en);
  const hint = word(question.help_zh, question.help_en);
  const unit = word(question.unit_zh, question.unit_en);
  const title = `${name}${unit ? ` (${unit})` : ""}`;
  const fault = !wrong ? "" : given.some((text) => text.trim()) ? bounds(question) : t("必填");
  const choices = choicesOf(question, photos);
  if (choices) {
    const several = question.several === true || question.kind === "photo";
    const toggle = (key: string): void => {
      const on = given.includes(key);
      answer(on ? given.filter((one) => one !== key) : several ? [...given, key] : [key]);
    };
    return (
      <fieldset class="question stack-s" aria-invalid={wrong ? "true" : undefined}>
        <legend>
          {title} {question.required && <span aria-hidden="true">*</span>}
        </legend>
        {hint && <p class="hint">{hint}</p>}
        {!choices.length && <p class="hint">{t("请先在上面拍照")}</p>}
        <div class="row">
          {choices.map(([key, label]) => (
            <button type="button" class="chip" aria-pressed={given.includes(key)} onClick={() => toggle(key)} key={key}>
              {label}
            </button>
          ))}
        </div>
        <Fault text={fault} />
      </fieldset>
    );
  }
  const type = question.kind === "day" ? "date" : question.kind === "moment" ? "datetime-local" : "text";
  return (
    <label class="question">
      <span>
        {title} {question.required && <span aria-hidden="true">*</span>}
      </span>
      {hint && <small class="muted">{hint}</small>}
      <input
        type={type as "text"}
        inputMode={question.kind === "number" ? (question.decimals ? "decimal" : "numeric") : undefined}
        maxLength={question.kind === "number" ? 32 : 500}
        autocomplete="off"
        value={given[0] ?? ""}
        aria-invalid={wrong ? "true" : undefined}
        onInput={(event) => answer([event.currentTarget.value])}
      />
      <Fault text={fault} />
    </label>
  );
}

/** What may be chosen: yes and no, the options, the photos of the report; null where something is typed. */
function choicesOf(question: Question, photos: DraftPhoto[]): [string, string][] | null {
  if (question.kind === "yes_no") return [["yes", t("是")], ["no", t("否")]];
  if (question.kind === "choice") return (question.options ?? []).map((option) => [option.key, word(option.name_zh, option.name_en)]);
  if (question.kind === "photo") return photos.map(({ id }, n) => [id, t("照片 %(n)s", { n: n + 1 })]);
  return null;
}

function bounds({ min, max, decimals }: Question): string {
  const low = min == null ? "" : `≥ ${min}`;
  const high = max == null ? "" : `≤ ${max}`;
  const places = decimals ? t("最多 %(n)s 位小数", { n: decimals }) : t("须为整数");
  return [places, low, high].filter(Boolean).join(", ");
}
