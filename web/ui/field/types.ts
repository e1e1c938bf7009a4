// The types of the API, as far as the field app reads them.

export interface Me {
  id: string;
  username: string;
  name: string;
  roles: { role: string; grid: string | null; department: string | null }[];
}

export interface Category {
  code: string;
  name_zh: string;
  name_en: string;
  group: string;
  severity: string;
  evidence_required: boolean;
  /** False: nothing new is reported under it; missing in copies of an older version. */
  active?: boolean;
  conditions: { severities: string[] }[];
  /** What is asked besides the description; missing in copies of an older version. */
  questions?: Question[];
}

/** 问项: see docs/questions.md. What is not given is left out. */
export interface Question {
  code: string;
  kind: "choice" | "number" | "yes_no" | "text" | "day" | "moment" | "photo";
  text_zh: string;
  text_en: string;
  help_zh?: string;
  help_en?: string;
  required?: boolean;
  doors: string[];
  options?: { key: string; name_zh: string; name_en: string }[];
  several?: boolean;
  unit_zh?: string;
  unit_en?: string;
  min?: string | null;
  max?: string | null;
  decimals?: number;
  shown_if?: { question: string; answers: string[] } | null;
  stop?: { answers: string[]; telephone: string; notice_zh: string; notice_en: string; may_report?: boolean } | null;
}

export interface Group {
  code: string;
  name_zh: string;
  name_en: string;
  categories: Category[];
}

export interface Catalogue {
  groups: Group[];
  /** The channels whose reporters must be answered; missing in copies of an older version. */
  answers_required?: string[];
  /** `sms`, `mail`: how a reporter may choose to be told; missing in copies of an older version. */
  tell_by?: string[];
  policy_version?: number;
}

export interface Owner {
  kind: string;
  id: string;
  name: string;
}

export interface CaseItem {
  case_no: string;
  title: string;
  category: string;
  category_name: string;
  severity: string;
  grid: string;
  grid_name: string;
  stage: string;
  outcome: string | null;
  light: string;
  due_at: string | null;
  left: string | null;
  unit: string | null;
  overdue: boolean;
  owner: Owner | null;
  round: number;
  revision: number;
  reported_at: string;
  updated_at: string;
  closed_at: string | null;
}

export interface InboxItem {
  task: string;
  due_at: string | null;
  assignee: Owner;
  case: CaseItem;
}

/** An answer (填答) to a question of the category. `hidden`: the reader need not know it, so `values` is empty. */
export interface AnswerView {
  question: string;
  text: string;
  kind: string;
  values: string[];
  shown: string;
  hidden: boolean;
  unreadable?: "erased" | "keys_away" | "damaged" | null;
}

/** What somebody asked for, and is not decided. `granted_by`: the only role that may grant it, if there is such a one.
 * `decide_by` and `granted_by` are missing in copies of an older version. */
export interface CaseRequest {
  kind: string;
  by: string;
  at: string;
  until: string | null;
  department: string | null;
  decide_by?: string | null;
  granted_by?: string | null;
}

export interface CaseView extends Omit<CaseItem, "grid" | "grid_name"> {
  report_id: string;
  description: string;
  source: string;
  grid: { code: string; name: string; path: string[]; path_names: string[] };
  location: Point | null;
  claimed_by: string | null;
  host: string | null;
  suspended_until: string | null;
  co_handlers: { department: string; name: string; reported_at: string | null }[];
  attachments: string[];
  requests: CaseRequest[];
  reporter: { alias: string; anonymous: boolean; contact_kept: boolean; phone: string | null };
  allowed_commands: string[];
  /** Missing in a copy that an earlier version kept. */
  answers?: AnswerView[];
  unanswered?: { question: string; text: string }[];
  urges?: UrgeOrder[];
  merged_into?: string | null;
  merged_cases?: string[];
}

/** 督办: an urge order. `ended_at`: it was cancelled, or ended with the case. */
export interface UrgeOrder {
  number: number;
  kind: string;
  by: string;
  reply_by: string;
  answered_at: string | null;
  ended_at: string | null;
}

export interface Fact {
  seq: number;
  at: string;
  kind: string;
  actor: { kind: string; name: string };
  body: Record<string, unknown>;
}

export interface Notice {
  at: string;
  mode: string;
  read: boolean;
  case: CaseItem;
}

/** A fact of a matter (事项) that reached the person. */
export interface MatterNotice {
  at: string;
  read: boolean;
  code: string;
  name: string;
  text: string;
  href: string;
}

/** 勤务: one occurrence of a plan of recurring work. */
export interface Duty {
  id: string;
  plan_name: string;
  work: string;
  work_name: string;
  grid: string;
  grid_name: string;
  place: string;
  enterprise: string | null;
  day: string;
  shift: string;
  opens_at: string;
  due_at: string;
  status: "due" | "done" | "missed" | "late" | "withdrawn";
  done_at: string | null;
  done_by: string | null;
  cases: string[];
  /** The key of its checklist. */
  list: string | null;
}

export interface Checklist {
  key: string;
  name: string;
  items: { code: string; text: string; photo: boolean }[];
}

/** What the phone keeps of the person's duties, so that they open offline. */
export interface OwnDuties {
  duties: Duty[];
  checklists: Checklist[];
}

export interface Point {
  lat: number;
  lon: number;
}

/** A unit's shape: rings of [lon, lat], the first of each polygon its outline, the others holes. */
export interface Unit {
  code: string;
  name: string;
  level: number;
  parent: string | null;
  polygons: number[][][][];
  /** Whether the unit lies within the person's own; false: a neighbouring unit, where they may report as well. */
  own: boolean;
}
