// The draft of a report, and the outbox items made from it.
import { renameDraft } from "./drafts";
import { newId } from "./ids";
import { items } from "./outbox";
import { localStore } from "./database";
import { shownAnswers, type Answers } from "./questions";
import type { Item } from "./item_states";
import { language, localName, t } from "../words/texts";
import type { Category, Me, Point } from "../types";

export interface DraftPhoto {
  id: string;
  warning: "" | "dark" | "small";
}

export interface ReportDraft {
  /** The report's own id, made before anything is sent. */
  id: string;
  self_id: string;
  made_at: number;
  category: string;
  severity: string;
  description: string;
  photos: DraftPhoto[];
  place: (Point & { accuracy: number; source: "gps" | "pin" }) | null;
  place_fault: string;
  grid: string;
  grid_name: string;
  /** Chosen from the list, because the location did not give the grid. */
  grid_by_hand: boolean;
  place_text: string;
  self: boolean;
  self_result: string;
  self_photos: DraftPhoto[];
  reporter_name: string;
  reporter_phone: string;
  /** The ways of `Catalogue.tell_by`; empty: they do not want to be told. Missing in drafts of an older version. */
  reporter_tell?: string;
  reporter_mail?: string;
  /** The credit code of the enterprise that it is about, and its name. */
  enterprise: string;
  enterprise_name: string;
  /** Answers to the questions of the category, by code; of a photo its id on the phone. */
  answers: Answers;
  /** The version of the policy whose questions were shown. */
  asked_under: number;
  /** Whether the notice of an answer that stops the form was read. */
  went_on: boolean;
  /** The id of the suggestions that were shown; missing in drafts of an older version. */
  suggestion?: string;
}

function emptyDraft(): ReportDraft {
  return {
    id: newId(),
    self_id: newId(),
    made_at: 0,
    category: "",
    severity: "",
    description: "",
    photos: [],
    place: null,
    place_fault: "",
    grid: "",
    grid_name: "",
    grid_by_hand: false,
    place_text: "",
    self: false,
    self_result: "",
    self_photos: [],
    reporter_name: "",
    reporter_phone: "",
    enterprise: "",
    enterprise_name: "",
    answers: {},
    asked_under: 0,
    went_on: false,
  };
}

/** A new draft, or for a refused item its content. */
export async function readReport(item: string): Promise<ReportDraft> {
  const refused = item ? await (await localStore).get<Item>("outbox", item) : undefined;
  if (!refused) return emptyDraft();
  const child = (await items()).find(({ after }) => after === item);
  const wrote = refused.wrote as Partial<ReportDraft> | undefined;
  return {
    ...emptyDraft(),
    ...wrote,
    id: refused.id,
    made_at: refused.made_at,
    photos: refused.photos.map((id) => ({ id, warning: "" })),
    self_id: child?.id ?? newId(),
    self: Boolean(child),
    self_result: String(child?.body["result"] ?? ""),
    self_photos: (child?.photos ?? []).map((id) => ({ id, warning: "" })),
  };
}

/** Whether the draft has content worth keeping. A location alone does not count: the phone found it by itself. */
export function isWorthKeeping(draft: ReportDraft): boolean {
  return Boolean(draft.photos.length || draft.description.trim() || draft.category);
}

/** Move the current report to the drafts, so that another one can be started. Throws StorageFull. */
export async function setAside(draft: ReportDraft): Promise<void> {
  await renameDraft("new", `new:${draft.id}`);
}

/** How the phone names the report until it is sent; the case's title is made of its description there. */
export function titleOf(draft: ReportDraft, category: Category): string {
  return [localName(category), draft.place_text.trim()].filter(Boolean).join(" · ").slice(0, 120);
}

/** The description as it is sent: with the place in words. */
export function describe(draft: ReportDraft): string {
  const place_text = draft.place_text.trim();
  return draft.description.trim() + (place_text ? `\n${t("位置")}: ${place_text}` : "");
}

/** Who reported, as it is sent: without a mail address that is not to be used. */
function reporterOf(draft: ReportDraft): Record<string, string> {
  const [name, phone, mail] = [draft.reporter_name.trim(), draft.reporter_phone.trim(), (draft.reporter_mail ?? "").trim()];
  return {
    ...(name ? { name } : {}),
    ...(phone ? { phone } : {}),
    ...(draft.reporter_tell === "mail" ? { mail } : {}),
    ...(draft.reporter_tell ? { tell_by: draft.reporter_tell } : {}),
  };
}

/** The outbox items: the report, and the self-close command if it was solved on the spot. */
export function toItems(draft: ReportDraft, category: Category, me: Me): Item[] {
  const made_at = draft.made_at || Date.now();
  const title = titleOf(draft, category);
  const moment = new Date(made_at).toISOString();
  const reporter = reporterOf(draft);
  // A grid chosen by hand contradicts the location, which is then not of the scene.
  const place = draft.grid && draft.grid_by_hand ? null : draft.place;
  const common = { made_at, by: me.id, by_name: me.name || me.username, language, title, sent: {}, state: "waiting" as const, tries: 0, next_at: 0 };
  const report: Item = {
    ...common,
    id: draft.id,
    kind: "report",
    photos: draft.photos.map(({ id }) => id),
    photo_field: "attachments",
    wrote: draft,
    body: {
      report_id: draft.id,
      category: draft.category,
      description: describe(draft),
      ...(draft.grid ? { grid: draft.grid } : {}),
      ...(place ? { location: { lat: place.lat, lon: place.lon } } : {}),
      ...(draft.severity ? { severity: draft.severity } : {}),
      ...(draft.suggestion ? { suggestion: draft.suggestion } : {}),
      ...(draft.enterprise ? { enterprise: draft.enterprise } : {}),
      ...(category.questions?.length ? { answers: shownAnswers(category, draft.answers ?? {}), asked: { door: "phone", ...(draft.asked_under ? { policy_version: draft.asked_under } : {}) } } : {}),
      ...(Object.keys(reporter).length ? { reporter } : {}),
      occurred_at: moment,
      reported_at: moment,
    },
  };
  if (!draft.self) return [report];
  const selfClosed: Item = {
    ...common,
    id: draft.self_id,
    kind: "command",
    command: "self_close",
    after: draft.id,
    title: `${t("自处置")} · ${title}`,
    photos: draft.self_photos.map(({ id }) => id),
    photo_field: "evidence",
    body: { result: draft.self_result.trim() },
  };
  return [report, selfClosed];
}
