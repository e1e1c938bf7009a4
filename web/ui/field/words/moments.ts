// Moments and durations as text.
import { t } from "./texts";

const twoDigits = (n: number): string => String(n).padStart(2, "0");

/** "10:20" if today, "11-21 10:20" if this year, else the date. */
export function formatShort(moment: number | string): string {
  const then = new Date(moment);
  const now = new Date();
  const time = `${twoDigits(then.getHours())}:${twoDigits(then.getMinutes())}`;
  if (then.toDateString() === now.toDateString()) return time;
  const day = `${twoDigits(then.getMonth() + 1)}-${twoDigits(then.getDate())}`;
  return then.getFullYear() === now.getFullYear() ? `${day} ${time}` : `${then.getFullYear()}-${day}`;
}

/** With seconds: "2026-11-22 10:20:05". */
export function formatExact(moment: number | string): string {
  const then = new Date(moment);
  const day = `${then.getFullYear()}-${twoDigits(then.getMonth() + 1)}-${twoDigits(then.getDate())}`;
  return `${day} ${twoDigits(then.getHours())}:${twoDigits(then.getMinutes())}:${twoDigits(then.getSeconds())}`;
}

const DAY = 24 * 60;
/** The units that count working time: a day of theirs has eight hours. */
const WORKING = new Set(["work_hour", "work_day_8h", "legal_work_day"]);
const WORKDAY = 8 * 60;

/** A duration in minutes as at most two units: "3 天 4 小时"; of working time: "3 个工作日 4 小时". */
export function formatMinutes(minutes: number, working = false): string {
  const whole = Math.max(0, Math.round(minutes));
  const day = working ? WORKDAY : DAY;
  const days = Math.floor(whole / day);
  const hours = Math.floor((whole % day) / 60);
  const rest = whole % 60;
  const parts = days
    ? [working ? t("%(n)s 个工作日", { n: days }) : t("%(n)s 天", { n: days }), hours ? t("%(n)s 小时", { n: hours }) : ""]
    : hours
      ? [t("%(n)s 小时", { n: hours }), rest ? t("%(n)s 分", { n: rest }) : ""]
      : [t("%(n)s 分", { n: rest })];
  return parts.filter(Boolean).join(" ");
}

/** The minutes of a duration as the API writes it, in hours: "PT120H5M", "-PT3H". Days are read too: a copy kept on
 * the phone may have been written by an earlier version. */
export function parseDuration(duration: string): number {
  const match = /^(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(duration);
  if (!match) return 0;
  const [, minus, days, hours, minutes, seconds] = match;
  const total = Number(days ?? 0) * 1440 + Number(hours ?? 0) * 60 + Number(minutes ?? 0) + Number(seconds ?? 0) / 60;
  return minus ? -total : total;
}

/** The time left as the server counts it, in the time of the limit's unit: "剩 1 小时 5 分", "超 3 小时". */
export function timeLeftText(item: { left: string | null; unit: string | null }): string {
  if (!item.left) return "";
  const minutes = parseDuration(item.left);
  const span = formatMinutes(Math.abs(minutes), WORKING.has(item.unit ?? ""));
  return minutes < 0 ? t("超 %(span)s", { span }) : t("剩 %(span)s", { span });
}
