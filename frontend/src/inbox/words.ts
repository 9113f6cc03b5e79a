/** What an embedded inbox says, in English and Russian. */

import type { ConnectionStatus, Severity } from "../client";

export type Language = "en" | "ru";

export interface Words {
  title: string;
  unread: (count: number) => string;
  markAll: string;
  markRead: string;
  markUnread: string;
  archive: string;
  archived: (headline: string) => string;
  undo: string;
  close: string;
  older: string;
  empty: string;
  loading: string;
  payload: string;
  unreadMark: string;
  justNow: string;
  retry: string;
  refused: string;
  severities: Record<Severity, string>;
  arrived: (severity: string, headline: string) => string;
  live: string;
  connecting: string;
  reconnecting: string;
  checking: string;
  unreachable: string;
  loginRequired: string;
  stopped: string;
  misconfigured: string;
}

const en: Words = {
  title: "Notifications",
  unread: (count) => `${count} unread`,
  markAll: "Mark all read",
  markRead: "Mark read",
  markUnread: "Mark unread",
  archive: "Archive",
  archived: (headline) => `Archived: ${headline}`,
  undo: "Undo",
  close: "Close",
  older: "Show older",
  empty: "No notifications",
  loading: "Loading…",
  payload: "Details",
  unreadMark: "Unread",
  justNow: "just now",
  retry: "Try again",
  refused: "That did not work.",
  severities: { info: "Info", warning: "Warning", critical: "Critical" },
  arrived: (severity, headline) => `New notification, ${severity}: ${headline}`,
  live: "Live",
  connecting: "Connecting…",
  reconnecting: "Reconnecting…",
  checking: "Offline, checking every 15 s",
  unreachable: "The server cannot be reached, checking every 15 s",
  loginRequired: "Sign in to see your notifications.",
  stopped: "Disconnected",
  misconfigured: "This inbox has no ticket-url.",
};

const ru: Words = {
  title: "Уведомления",
  unread: (count) => {
    const isOne = new Intl.PluralRules("ru").select(count) === "one";
    return `${count} ${isOne ? "непрочитанное" : "непрочитанных"}`;
  },
  markAll: "Прочитать все",
  markRead: "Прочитано",
  markUnread: "Не прочитано",
  archive: "В архив",
  archived: (headline) => `В архиве: ${headline}`,
  undo: "Вернуть",
  close: "Закрыть",
  older: "Показать более ранние",
  empty: "Уведомлений нет",
  loading: "Загрузка…",
  payload: "Подробности",
  unreadMark: "Новое",
  justNow: "только что",
  retry: "Повторить",
  refused: "Не получилось.",
  severities: { info: "Сведения", warning: "Внимание", critical: "Критично" },
  arrived: (severity, headline) => `Новое уведомление, ${severity}: ${headline}`,
  live: "На связи",
  connecting: "Соединение…",
  reconnecting: "Восстановление связи…",
  checking: "Нет связи, проверка каждые 15 с",
  unreachable: "Сервер недоступен, проверка каждые 15 с",
  loginRequired: "Войдите, чтобы увидеть уведомления.",
  stopped: "Соединение закрыто",
  misconfigured: "Не указан ticket-url.",
};

/** The words for a language tag such as "ru-RU"; English for what is not there. */
export function wordsFor(tag: string): { language: Language; words: Words } {
  const isRussian = /^ru\b/i.test(tag);
  return isRussian ? { language: "ru", words: ru } : { language: "en", words: en };
}

export interface StatusWords {
  text: string;
  isLive: boolean;
  /** Whether trying again is up to the person. */
  isOver: boolean;
}

export function describeStatus(status: ConnectionStatus, words: Words): StatusWords {
  switch (status.phase) {
    case "live":
      return { text: words.live, isLive: true, isOver: false };
    case "stopped": {
      const isLogin = status.reason === "login-required";
      const text = isLogin ? words.loginRequired : words.stopped;
      return { text, isLive: false, isOver: true };
    }
    case "idle":
      return { text: words.connecting, isLive: false, isOver: false };
    default:
      return { text: underway(status, words), isLive: false, isOver: false };
  }
}

type Underway = Extract<ConnectionStatus, { phase: "connecting" | "waiting" }>;

function underway({ phase, fallback }: Underway, words: Words): string {
  if (fallback !== "off") return words[fallback];
  return phase === "connecting" ? words.connecting : words.reconnecting;
}
