// The pure parts of phone and map: what becomes of an item, where a point lies, the letters of a name, lengths of time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dayAt } from "analysis/range";
import { bearing, distance, markOwn, unitAt, unitsFromGeoJson } from "field/places/geo";
import { newId } from "field/store/ids";
import { placeLabels } from "field/places/labels";
import { timeLeftText, parseDuration } from "field/words/moments";
import { isMail, takesSms } from "field/words/phone";
import { fill } from "field/words/texts";
import { initials, matches } from "field/words/pinyin";
import { backOff, isDue, isOutdated, outcomeOf, applyOutcome, percent, type Item } from "field/store/item_states";
import { fromGcj, toGcj } from "map/gcj";
import { isWithin } from "map/ring";
import contacts from "../contacts.json";

const NOW = 1_800_000_000_000;
const item: Item = {
  id: "a", kind: "report", made_at: NOW, by: "p", by_name: "P", language: "zh", title: "t", body: { x: 1 }, photos: ["1", "2"],
  photo_field: "attachments", sent: {}, state: "waiting", tries: 0, next_at: 0,
};

test("English has a form for one", () => {
  const forms: [string, string] = ["%(n)s photo by %(who)s", "%(n)s photos by %(who)s"];
  const told = [1, "1", 0, 2, "10000+"].map((n) => fill(forms, { n, who: "A" }));
  assert.deepEqual(told, ["1 photo by A", "1 photo by A", "0 photos by A", "2 photos by A", "10000+ photos by A"]);
  assert.equal(fill("photos", {}), "photos");
});

test("an address that the server would refuse is found before a report waits for it", () => {
  for (const [name, check] of [["sms", takesSms], ["mail", isMail]] as const) {
    for (const typed of contacts[name].taken) assert.ok(check(typed), typed);
    for (const typed of contacts[name].refused) assert.ok(!check(typed), typed);
  }
  assert.ok(!isMail(`a@${"b".repeat(64)}.example`));
  assert.ok(!isMail(`${"a".repeat(250)}@b.example`));
});

test("each answer has its meaning", () => {
  assert.equal(outcomeOf(401, "", "", 0).kind, "sign_in");
  for (const status of [408, 425, 429, 500, 502, 503, 507]) assert.equal(outcomeOf(status, "", "", 0).kind, "again");
  for (const status of [400, 403, 404, 409, 413, 415, 422]) assert.equal(outcomeOf(status, "", "", 0).kind, "refused");
});

test("an id tells when it was made, and is no other's", (context) => {
  const made = [NOW, NOW + 1, NOW + 2 ** 40].flatMap((now) => {
    context.mock.timers.enable({ apis: ["Date"], now });
    const two = [newId(), newId()];
    context.mock.timers.reset();
    return two;
  });
  for (const id of made) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(new Set(made).size, made.length);
  assert.equal(parseInt(made[0]!.slice(0, 13).replace("-", ""), 16), NOW);
  const moments = made.map((id) => id.slice(0, 13));
  assert.deepEqual(moments, [...moments].sort());
});

test("a failure waits longer each time, and no longer than ten minutes", () => {
  assert.deepEqual([1, 2, 3, 20].map(backOff), [5_000, 10_000, 20_000, 600_000]);
  const tried = applyOutcome(applyOutcome(item, { kind: "again" }, NOW), { kind: "again" }, NOW);
  assert.deepEqual([tried.state, tried.tries, tried.next_at], ["waiting", 2, NOW + 10_000]);
  assert.equal(applyOutcome(item, { kind: "again", wait: 30 }, NOW).next_at, NOW + 30_000);
  assert.equal(isDue(tried, NOW, false), false);
  assert.equal(isDue(tried, NOW, true), true);
});

test("what the server has stays known as such", () => {
  const stored = applyOutcome(item, { kind: "stored" }, NOW);
  assert.equal(applyOutcome(stored, { kind: "again" }, NOW).state, "stored");
});

test("a refusal keeps everything and is not sent again by itself", () => {
  const refused = applyOutcome(item, { kind: "refused", status: 409, code: "wrong_stage", reason: "late" }, NOW);
  assert.deepEqual([refused.state, refused.reason, refused.body], ["rejected", "late", { x: 1 }]);
  assert.equal(isDue(refused, NOW, true), false);
  assert.equal(isOutdated(refused), false);
  assert.equal(isOutdated({ ...refused, kind: "command" }), true);
});

test("what is done keeps nothing of what it said", () => {
  const done = applyOutcome({ ...item, wrote: { name: "x" } }, { kind: "done", case_no: "7" }, NOW);
  assert.deepEqual([done.case_no, done.body, done.wrote], ["7", {}, undefined]);
  assert.equal(percent(done), 100);
  assert.equal(percent({ ...item, sent: { "1": "sha" } }), 33);
});

const square = (west: number, code: string, level: number): object => ({
  properties: { code, name: code, level, parent: null },
  geometry: { type: "Polygon", coordinates: [[[west, 0], [west + 1, 0], [west + 1, 1], [west, 1], [west, 0]]] },
});

test("what lies below the units held is one's own, what lies beside them is not", () => {
  const unit = (code: string, parent: string | null): object => ({ ...square(0, code, 3), properties: { code, name: code, level: 3, parent } });
  const units = unitsFromGeoJson({ features: [unit("g", "c"), unit("g1", "g"), unit("h", "c"), unit("h1", "h"), unit("x", null)] as never });
  const mine = (held: string[]): string[] => markOwn(units, held).filter(({ own }) => own).map(({ code }) => code);
  assert.deepEqual(mine(["g"]), ["g", "g1"]);
  assert.deepEqual(mine(["h1"]), ["h1"]);
  assert.deepEqual(mine(["c"]), ["g", "g1", "h", "h1"]);
  assert.deepEqual(mine([]), []);
});

test("the smallest unit that holds the point, its holes left out", () => {
  const holed = { properties: { code: "h", name: "h", level: 4, parent: null }, geometry: { type: "MultiPolygon", coordinates: [[
    [[2, 0], [3, 0], [3, 1], [2, 1], [2, 0]], [[2.4, 0.4], [2.6, 0.4], [2.6, 0.6], [2.4, 0.6], [2.4, 0.4]]]] } };
  const units = unitsFromGeoJson({ features: [square(0, "big", 3), square(0, "b", 4), square(1, "a", 4), holed] as never });
  assert.equal(unitAt({ lat: 0.5, lon: 0.5 }, units)?.code, "b");
  assert.equal(unitAt({ lat: 0.5, lon: 1 }, units)?.code, "a"); // on a border: the lowest code, as on the server
  assert.equal(unitAt({ lat: 0.5, lon: 2.5 }, units), null);
  assert.equal(unitAt({ lat: 0.1, lon: 2.5 }, units)?.code, "h");
  assert.equal(unitAt({ lat: 5, lon: 5 }, units), null);
});

test("how far, and which way", () => {
  const here = { lat: 38, lon: 117 };
  assert.ok(Math.abs(distance(here, { lat: 38.001, lon: 117 }) - 111.2) < 0.5);
  assert.ok(Math.abs(distance(here, { lat: 38, lon: 117.001 }) - 87.6) < 0.5);
  assert.equal(Math.round(bearing(here, { lat: 38, lon: 117.1 })), 90);
  assert.equal(Math.round(bearing(here, { lat: 37.9, lon: 117 })), 180);
});

test("names by the first letters of their pinyin", () => {
  assert.equal(initials("消防通道堵塞"), "xftdds");
  assert.equal(initials("危化品A区"), "whpaq");
  assert.ok(matches("欠薪纠纷", "qx") && matches("欠薪纠纷", "薪") && matches("Wage dispute", "wage"));
  assert.ok(!matches("欠薪纠纷", "zz"));
});

test("lengths of time as the API writes them", () => {
  assert.equal(parseDuration("PT120H5M"), 7205);
  assert.equal(parseDuration("P1DT2H5M"), 1565, "as an earlier version wrote it");
  assert.equal(parseDuration("-PT3H"), -180);
  assert.equal(parseDuration("PT0S"), 0);
  assert.equal(parseDuration("PT59M30.5S"), 59 + 30.5 / 60);
  assert.equal(timeLeftText({ left: "PT1H5M", unit: "urgent_hour" }), "剩 1 小时 5 分");
  assert.equal(timeLeftText({ left: "-PT25H", unit: "natural_day" }), "超 1 天 1 小时");
  assert.equal(timeLeftText({ left: "PT120H", unit: "legal_work_day" }), "剩 15 个工作日", "working time, not days");
  assert.equal(timeLeftText({ left: "-PT9H", unit: "work_hour" }), "超 1 个工作日 1 小时");
  assert.equal(timeLeftText({ left: "PT120H", unit: "urgent_hour" }), "剩 5 天");
});

test("places are moved as Chinese maps move them, and back", () => {
  // Pairs that the published conversions agree on: Shanghai, Shenzhen, Beijing.
  const known: [[number, number], [number, number]][] = [
    [[31.1774276, 121.5272106], [31.17530398364597, 121.531541859215]],
    [[22.543847, 113.912316], [22.540796131694766, 113.9171764808363]],
    [[39.911954, 116.377817], [39.91334545536069, 116.38404722455657]],
  ];
  for (const [place, drawn] of known) {
    toGcj(place).forEach((n, at) => assert.ok(Math.abs(n - drawn[at]!) < 1e-6, `${n} ${drawn[at]}`));
    fromGcj(drawn).forEach((n, at) => assert.ok(Math.abs(n - place[at]!) < 1e-7, `${n} ${place[at]}`));
  }
  assert.deepEqual(toGcj([48.85, 2.35]), [48.85, 2.35]);
});

test("what lies within a line drawn around it", () => {
  const bay = [{ lat: 0, lng: 0 }, { lat: 0, lng: 4 }, { lat: 4, lng: 4 }, { lat: 4, lng: 3 }, { lat: 1, lng: 2 }, { lat: 4, lng: 0 }];
  assert.ok(isWithin(0.5, 2, bay) && isWithin(3, 0.5, bay) && isWithin(3, 3.5, bay));
  assert.ok(!isWithin(3, 2, bay) && !isWithin(5, 2, bay) && !isWithin(1, -1, bay));
  assert.ok(!isWithin(1, 1, []));
});

test("a day lies where its part of the span lies", () => {
  // Points at 50, 150 and 250 pixels: each span is 100 wide; the first week is cut to two days.
  const centre = (n: number): number => 50 + 100 * n;
  const weeks: [string, string][] = [["2026-11-07", "2026-11-08"], ["2026-11-09", "2026-11-15"], ["2026-11-16", "2026-11-22"]];
  const day = (x: number): string => new Date(dayAt(x, weeks, centre)).toISOString().slice(0, 10);
  assert.deepEqual([-40, 0, 49, 51, 99, 101, 199, 201, 299, 900].map(day), [
    "2026-11-07", "2026-11-07", "2026-11-07", "2026-11-08", "2026-11-08", "2026-11-09", "2026-11-15", "2026-11-16", "2026-11-22", "2026-11-22",
  ]);
});

test("a map names what has room, and never one name over another", () => {
  const square = (code: string, name: string, level: number, parent: string | null, west: number, south: number, side: number) => ({
    code, name, level, parent, own: true,
    polygons: [[[[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]]],
  });
  const grid = square("g", "东一网格", 3, null, 0, 0, 10);
  const micros = Array.from({ length: 100 }, (_, n) => square(`m${n}`, `东一网格${n}号`, 4, "g", n % 10, Math.floor(n / 10), 1));
  const at = (scale: number) => placeLabels([grid, ...micros], (lon) => (lon - 5) * scale, (lat) => (5 - lat) * scale, 500, 34);
  assert.deepEqual(at(40).map((label) => label.text), ["东一网格"], "no room for a hundred names");
  const near = at(200);
  assert.equal(near.filter((label) => /^[0-9]+号$/.test(label.text)).length, 16, "those in sight, without the name of the grid above");
  for (const one of near) for (const other of near) assert.ok(one === other || Math.abs(one.x - other.x) >= 60 || Math.abs(one.y - other.y) >= 34);
  assert.deepEqual(at(2), [], "nor for one, far away");
});
