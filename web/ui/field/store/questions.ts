// Questions of a category: which are asked beside the answers given so far, what is missing, and what stops the form.
import type { Category, Question } from "../types";

export type Answers = Record<string, string[]>;

/** The questions that the phone asks now, in their order. A condition names an earlier question. */
export function shownQuestions(category: Category | undefined, answers: Answers): Question[] {
  const said = new Map<string, string[]>();
  return (category?.questions ?? []).filter((question) => {
    const rule = question.shown_if;
    if (!question.doors.includes("phone") || (rule && !said.get(rule.question)?.some((key) => rule.answers.includes(key)))) return false;
    said.set(question.code, answers[question.code] ?? []);
    return true;
  });
}

/** The answers to the questions that are shown: one that was hidden again is not sent. */
export function shownAnswers(category: Category | undefined, answers: Answers): Answers {
  const given = shownQuestions(category, answers).map(({ code }): [string, string[]] => [code, (answers[code] ?? []).filter((text) => text.trim())]);
  return Object.fromEntries(given.filter(([, texts]) => texts.length));
}

/** The questions whose answer stops the form. */
export function stoppedBy(category: Category | undefined, answers: Answers): Question[] {
  return shownQuestions(category, answers).filter(({ code, stop }) => stop && answers[code]?.some((key) => stop.answers.includes(key)));
}

/** The questions that must be answered and are not, or whose number is out of its bounds. */
export function wrongAnswers(category: Category | undefined, answers: Answers): Question[] {
  const given = shownAnswers(category, answers);
  return shownQuestions(category, answers).filter((question) => {
    const [text] = given[question.code] ?? [];
    return text === undefined ? question.required === true : question.kind === "number" && !fits(question, text);
  });
}

function fits({ min, max, decimals }: Question, text: string): boolean {
  const number = Number(text);
  const [, after = ""] = text.trim().split(".");
  return Number.isFinite(number) && after.length <= (decimals ?? 0) && (min == null || number >= Number(min)) && (max == null || number <= Number(max));
}
