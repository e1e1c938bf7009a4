// The answers to a task: the text and photos that each command takes.
import { codeLabel, t } from "./texts";
import type { CaseView, Me } from "../types";

/** One of the values of a field that is chosen, not written. */
export interface Choice {
  value: string | boolean;
  label: string;
}

export interface Answer {
  command: string;
  title: () => string;
  /** The body's field for the text, and whether it is required. */
  text?: { field: string; label: () => string; needed: boolean };
  /** The body's field for photos. "category": the category decides whether they are required. */
  photos?: { field: string; needed: "never" | "category" | "always" };
  /** Whether the answer takes 答复, the text that the reporter will read. */
  told?: boolean;
  /** A field of the body whose value is chosen. Where there is but one value, it is sent without asking. */
  choice?: { field: string; label: () => string; options: (about: CaseView, me: Me) => Choice[] };
  /** A second text field. */
  extra?: { field: string; label: () => string };
  /** Whether the answer selects the result photos that the reporter may see. */
  release?: boolean;
  /** A future moment; one that is granted may be left out, and is no later than the one asked for. */
  until?: { label: () => string; needed: boolean; hint?: () => string };
  /** The kind of the request that the answer decides: the form shows what is asked. */
  decides?: string;
  /** The answer that says the opposite, to which the form leads. */
  other?: string;
  /** Suggested texts. */
  reasons?: (() => string)[];
  tone?: "primary" | "danger";
  hint?: () => string;
}

const RETURN_REASONS = [() => t("不属于本部门职责"), () => t("位置或对象有误"), () => t("权属单位不明"), () => t("需多部门共同处置")];
const FAIL_REASONS = [() => t("问题仍然存在"), () => t("处置不彻底"), () => t("照片与现场不符")];
const RETURN_REFUSALS = [() => t("属于贵部门职责"), () => t("请先到现场核实")];
const REFUSALS = [() => t("理由不充分"), () => t("请按原期限办理")];
const DELAY_REASONS = [() => t("等待材料或施工"), () => t("天气原因"), () => t("当事人不在场")];

const note = (needed: boolean): Answer["text"] => ({ field: "note", label: () => t("说明"), needed });
const reason = (): Answer["text"] => ({ field: "reason", label: () => t("理由"), needed: true });
const result = (): Answer["text"] => ({ field: "result", label: () => t("处置结果"), needed: true });

/** The moment that is granted. */
const granted = (label: () => string): Answer["until"] => ({ label, needed: false, hint: () => t("不填则按申请的时间;只能更早,不能更晚。") });

/** What the grid worker found at the place. */
const holds = (): Choice[] => [
  { value: true, label: t("属实") },
  { value: false, label: t("不属实") },
];

/** One's own pending requests: what `retract` takes back. A question is ended by its answer. */
const ownRequests = (about: CaseView, me: Me): Choice[] =>
  about.requests.filter(({ kind, by }) => kind !== "info" && by === me.name).map(({ kind }) => ({ value: kind, label: codeLabel("requests", kind) }));

/** The answers in the order in which they are offered. */
export const ANSWERS: Answer[] = [
  { command: "claim", title: () => t("认领"), tone: "primary", hint: () => t("认领后由您办理") },
  { command: "report_verification", title: () => t("反馈核实"), choice: { field: "confirmed", label: () => t("核实结论"), options: holds }, text: note(true), photos: { field: "attachments", needed: "never" }, tone: "primary" },
  { command: "complete", title: () => t("办结"), text: result(), told: true, photos: { field: "evidence", needed: "category" }, tone: "primary" },
  { command: "accept", title: () => t("属实,受理"), text: note(false), tone: "primary" },
  { command: "self_close", title: () => t("现场已解决"), text: result(), photos: { field: "evidence", needed: "always" }, tone: "primary" },
  { command: "pass_review", title: () => t("核查合格"), text: note(false), told: true, photos: { field: "evidence", needed: "never" }, release: true, tone: "primary" },
  { command: "fail_review", title: () => t("不合格,返工"), text: reason(), reasons: FAIL_REASONS, photos: { field: "evidence", needed: "never" }, tone: "danger" },
  { command: "supply_info", title: () => t("补充信息"), text: note(true), photos: { field: "attachments", needed: "never" }, tone: "primary" },
  { command: "grant_transfer", title: () => t("同意接收"), text: note(false), decides: "transfer", other: "refuse_transfer", tone: "primary", hint: () => t("同意后由本部门主办,时限不变") },
  { command: "refuse_transfer", title: () => t("不同意接收"), text: reason(), decides: "transfer", other: "grant_transfer", tone: "danger" },
  { command: "grant_return", title: () => t("同意退单"), text: note(false), decides: "return", other: "refuse_return", tone: "primary", hint: () => t("同意后案件回到派遣环节") },
  { command: "refuse_return", title: () => t("不同意退单"), text: reason(), reasons: RETURN_REFUSALS, decides: "return", other: "grant_return", tone: "danger" },
  { command: "grant_extension", title: () => t("同意延期"), text: note(false), until: granted(() => t("批准延期至")), decides: "extension", other: "refuse_extension", tone: "primary" },
  { command: "refuse_extension", title: () => t("不同意延期"), text: reason(), reasons: REFUSALS, decides: "extension", other: "grant_extension", tone: "danger" },
  { command: "grant_suspension", title: () => t("同意挂账"), text: note(false), until: granted(() => t("批准挂账至")), decides: "suspension", other: "refuse_suspension", tone: "primary", hint: () => t("挂账期间停止计时") },
  { command: "refuse_suspension", title: () => t("不同意挂账"), text: reason(), reasons: REFUSALS, decides: "suspension", other: "grant_suspension", tone: "danger" },
  { command: "grant_reopen", title: () => t("同意重开"), text: note(false), decides: "reopen", other: "refuse_reopen", tone: "primary", hint: () => t("同意后开始新一轮办理") },
  { command: "refuse_reopen", title: () => t("不同意重开"), text: reason(), decides: "reopen", other: "grant_reopen", tone: "danger", hint: () => t("上报人会看到。") },
  { command: "void", title: () => t("同意作废"), text: reason(), decides: "void", other: "refuse_void", tone: "danger", hint: () => t("作废后案件结束") },
  { command: "refuse_void", title: () => t("不同意作废"), text: reason(), decides: "void", other: "void" },
  { command: "respond", title: () => t("报到"), text: note(true), tone: "primary" },
  { command: "report_progress", title: () => t("反馈进展"), text: note(true), photos: { field: "attachments", needed: "never" } },
  { command: "answer_urge", title: () => t("答复督办"), text: note(true) },
  { command: "acknowledge", title: () => t("知悉"), text: note(false) },
  { command: "request_extension", title: () => t("申请延期"), text: reason(), reasons: DELAY_REASONS, until: { label: () => t("延期至"), needed: true } },
  { command: "request_info", title: () => t("请上报人补充"), text: { field: "question", label: () => t("需补充的内容"), needed: true } },
  { command: "retract", title: () => t("撤回申请"), choice: { field: "request", label: () => t("撤回哪一项"), options: ownRequests }, text: { field: "reason", label: () => t("理由"), needed: false } },
  { command: "return", title: () => t("退单"), text: reason(), reasons: RETURN_REASONS, tone: "danger" },
  { command: "reject", title: () => t("不属实,不予受理"), text: reason(), extra: { field: "right_channel", label: () => t("应走的渠道") }, tone: "danger" },
  { command: "merge", title: () => t("重复,并入已有案件"), text: reason(), extra: { field: "into", label: () => t("并入的案件编号") } },
  { command: "escalate", title: () => t("上报上级处理"), text: reason() },
  { command: "attach", title: () => t("补充照片"), text: note(false), photos: { field: "attachments", needed: "always" } },
  { command: "comment", title: () => t("批注"), text: note(true) },
];

export function findAnswer(command: string): Answer | undefined {
  return ANSWERS.find((known) => known.command === command);
}
