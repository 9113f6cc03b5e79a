import { afterEach, describe, expect, test } from "vitest";

import { en } from "./en";
import {
  currentLanguage,
  dayHeading,
  languageFor,
  onLanguage,
  relativeTime,
  speak,
  words,
} from "./index";
import { ru } from "./ru";

afterEach(() => speak("en"));

describe("the language", () => {
  test.each([
    [{ chosen: "en", account: "ru", browser: ["ru-RU"] }, "en"],
    [{ chosen: "", account: "ru", browser: ["en-GB"] }, "ru"],
    [{ chosen: "", account: "en", browser: ["ru-RU", "en"] }, "ru"],
    [{ chosen: "", account: null, browser: ["de", "ru"] }, "ru"],
    [{ chosen: "klingon", account: null, browser: ["de"] }, "en"],
  ])("%j is %s", (wishes, language) => {
    expect(languageFor(wishes)).toBe(language);
  });

  test("who listens hears of a change, once", () => {
    let heard = 0;
    const end = onLanguage(() => (heard += 1));

    speak("ru");
    speak("ru");
    end();
    speak("en");

    expect(heard).toBe(1);
    expect(currentLanguage()).toBe("en");
  });
});

describe("the words", () => {
  test.each([
    [1, "1 непрочитанное уведомление"],
    [3, "3 непрочитанных уведомления"],
    [5, "5 непрочитанных уведомлений"],
    [21, "21 непрочитанное уведомление"],
    [112, "112 непрочитанных уведомлений"],
  ])("%d in Russian", (count, said) => {
    expect(ru.unreadBell(count)).toBe(said);
  });

  test.each([
    [1, "1 unread notification"],
    [2, "2 unread notifications"],
    [1_200, "1,200 unread notifications"],
  ])("%d in English", (count, said) => {
    expect(en.unreadBell(count)).toBe(said);
  });

  test("nothing in Russian was left in English", () => {
    const alike = (Object.keys(en) as (keyof typeof en)[]).filter((key) => en[key] === ru[key]);

    expect(alike.sort()).toEqual([
      "appName",
      "channelSms",
      "channelTelegram",
      "withCurl",
      "withPython",
      "withRabbit",
    ]);
    speak("ru");
    expect(words().inbox).toBe("Входящие");
  });
});

describe("times", () => {
  const now = Date.parse("2026-11-20T10:00:00Z");
  test.each([
    ["2026-11-20T10:00:05Z", "just now", "только что"],
    ["2026-11-20T09:59:30Z", "just now", "только что"],
    ["2026-11-20T09:59:00Z", "1 minute ago", "1 минуту назад"],
    ["2026-11-20T09:15:00Z", "45 minutes ago", "45 минут назад"],
    ["2026-11-20T07:00:00Z", "3 hours ago", "3 часа назад"],
    ["2026-11-18T10:00:00Z", "2 days ago", "позавчера"],
    ["2026-10-01T12:00:00Z", "Oct 1, 2026", "1 окт. 2026 г."],
    ["nonsense", "nonsense", "nonsense"],
  ])("%s reads %s and %s", (iso, english, russian) => {
    expect(relativeTime(iso, now)).toBe(english);
    speak("ru");
    expect(relativeTime(iso, now)).toBe(russian);
  });

  test.each([
    ["2026-11-20", "Today", "Сегодня"],
    ["2026-11-19", "Yesterday", "Вчера"],
    ["2026-11-02", "Monday, November 2", "понедельник, 2 ноября"],
    ["2025-12-31", "December 31, 2025", "31 декабря 2025 г."],
  ])("the day %s is headed %s and %s", (day, english, russian) => {
    expect(dayHeading(day, now)).toBe(english);
    speak("ru");
    expect(dayHeading(day, now)).toBe(russian);
  });
});
