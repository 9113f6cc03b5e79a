import { describe, expect, test } from "vitest";

import {
  daysBetween,
  fieldValue,
  knownZone,
  momentOf,
  momentOfField,
  tomorrowAt,
  wallTime,
} from "./zones";

const at = (iso: string) => Date.parse(iso);
const iso = (moment: number | null) =>
  moment === null ? null : new Date(moment).toISOString();

describe("tomorrow at nine", () => {
  test.each([
    ["UTC", "2026-11-20T12:00:00Z", "2026-11-21T09:00:00.000Z"],
    ["Europe/Moscow", "2026-11-20T22:30:00Z", "2026-11-22T06:00:00.000Z"],
    ["Asia/Kolkata", "2026-11-20T12:00:00Z", "2026-11-21T03:30:00.000Z"],
    ["Asia/Kathmandu", "2026-12-31T12:00:00Z", "2027-01-01T03:15:00.000Z"],
    ["Pacific/Auckland", "2026-11-20T12:00:00Z", "2026-11-21T20:00:00.000Z"],
    // The night before the clocks change: 23 and 25 hours.
    ["Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T07:00:00.000Z"],
    ["Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T08:00:00.000Z"],
    // Half an hour is skipped and doubled here.
    ["Australia/Lord_Howe", "2026-10-03T02:00:00Z", "2026-10-03T22:00:00.000Z"],
  ])("in %s at %s", (zone, now, expected) => {
    expect(iso(tomorrowAt(9, at(now), zone))).toBe(expected);
  });
});

describe("a time on the wall", () => {
  const wall = { year: 2026, month: 10, day: 25, hour: 2, minute: 30 };

  test("that comes twice is the earlier one", () => {
    expect(iso(momentOf(wall, "Europe/Berlin"))).toBe("2026-10-25T00:30:00.000Z");
  });

  test("that is skipped is as much later", () => {
    const skipped = { ...wall, month: 3, day: 29 };

    expect(iso(momentOf(skipped, "Europe/Berlin"))).toBe("2026-03-29T01:30:00.000Z");
  });

  test.each([
    "UTC",
    "America/St_Johns",
    "Asia/Kolkata",
    "Pacific/Chatham",
    "Africa/Casablanca",
  ])("leads back to its moment, every 7 hours of two years in %s", (zone) => {
    const wrong: string[] = [];
    for (let moment = at("2026-01-01T00:00:00Z"); moment < at("2028-01-01T00:00:00Z");) {
      const back = momentOf(wallTime(moment, zone), zone);
      // What comes twice is the earlier one, an hour or half an hour before.
      if (back !== moment && moment - back > 3_600_000)
        wrong.push(new Date(moment).toISOString());
      if (back > moment) wrong.push(new Date(moment).toISOString());
      moment += 7 * 3_600_000;
    }

    expect(wrong).toEqual([]);
  });
});

describe("a field for date and time", () => {
  test("shows and says times of the zone", () => {
    const moment = at("2026-11-20T21:05:00Z");

    expect(fieldValue(moment, "Europe/Moscow")).toBe("2026-11-21T00:05");
    expect(momentOfField("2026-11-21T00:05", "Europe/Moscow")).toBe(moment);
  });

  test("that is empty says nothing", () => {
    expect(momentOfField("", "UTC")).toBeNull();
  });
});

test("midnights are those of the zone", () => {
  const evening = at("2026-11-20T20:00:00Z");
  const night = at("2026-11-20T22:00:00Z");

  expect(daysBetween(evening, night, "UTC")).toBe(0);
  expect(daysBetween(evening, night, "Europe/Moscow")).toBe(1);
});

test("a zone that the browser does not know gives way to its own", () => {
  expect(knownZone("Europe/Moscow")).toBe("Europe/Moscow");
  expect(knownZone("Nowhere/Atlantis")).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
});
