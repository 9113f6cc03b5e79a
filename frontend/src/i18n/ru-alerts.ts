/** What the page says of alerts in Russian. */

import type { enAlerts } from "./en-alerts";
import { pluralIn } from "./plural";

const plural = pluralIn("ru");

export const ruAlerts: typeof enAlerts = {
  alerts: "Оповещения",
  alertsUnread: (unread, total) => `непрочитанных: ${unread} из ${total}`,
  timeLeft: (duration) => `осталось ${duration}`,
  endsNow: "заканчивается",
  reminded: (count) => `напоминаний: ${count}`,
  remindedLast: (when) => `Последнее напоминание: ${when}`,
  snoozedUntil: (when) => `Отложено: ${when}`,
  snoozedToday: "Отложено до конца дня",
  alertRead: "Прочитано",
  markAlertRead: "Прочитано",
  markAlertUnread: "Не прочитано",
  snooze: "Отложить",
  endSnooze: "Вернуть",
  actionOn: (action, title) => `${action}: ${title}`,
  snoozeHour: "На 1 час",
  snoozeDay: "До конца дня",
  snoozeTomorrow: "До завтра",
  snoozeChoose: "До выбранного времени",
  snoozeUntil: "Отложить до",
  snoozeInPast: "Выберите время в будущем, не дальше года.",
  timesIn: (zone) => `Время: ${zone}`,
  showMore: "Показать полностью",
  showLess: "Свернуть",
  moreAlerts: (count) => plural(count, { other: "Показать ещё #" }),
  fewerAlerts: "Свернуть",
  partUnread: (count) => `непрочитанных: ${count}`,
  partSnoozed: (count) => `отложено: ${count}`,
  partRead: (count) => `прочитано: ${count}`,
  alertMarkedRead: "Оповещение прочитано",
  alertSnoozed: "Оповещение отложено",
  snoozeEnded: "Оповещение возвращено",
  alertActionFailed: "Не удалось изменить оповещение",
  snoozeFailed: "Не удалось отложить оповещение",
  alertIsGone: "Это оповещение больше не показывается",
  alertAnnounced: (severity, title) => `Новое оповещение, ${severity}: ${title}`,
  alertsAnnounced: (count) =>
    plural(count, {
      one: "# новое оповещение",
      few: "# новых оповещения",
      other: "# новых оповещений",
    }),
  alertReminder: (severity, title, count) => `Напоминание ${count}, ${severity}: ${title}`,
  alertEnded: (title) => `Оповещение завершено: ${title}`,
  tomorrowClock: (clock) => `завтра, ${clock}`,

  overview: "Коротко",
  notifications: "Уведомления",
  snoozed: "Отложено",
  nothingUnread: "Всё прочитано",
  nothingSnoozed: "Ничего не отложено",
  newest: "Последнее",
  until: (when) => `до: ${when}`,
  untilEndOfDay: "до конца дня",
};
