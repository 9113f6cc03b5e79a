/** What the page says of alerts in English. */

import { pluralIn } from "./plural";

const plural = pluralIn("en");

export const enAlerts = {
  alerts: "Alerts",
  alertsUnread: (unread: number, total: number) => `${unread} of ${total} unread`,
  timeLeft: (duration: string) => `${duration} left`,
  endsNow: "ends now",
  reminded: (count: number) => `reminded ${count} ×`,
  remindedLast: (when: string) => `Last reminded: ${when}`,
  snoozedUntil: (when: string) => `Snoozed until ${when}`,
  snoozedToday: "Snoozed to the end of the day",
  alertRead: "Read",
  markAlertRead: "Mark read",
  markAlertUnread: "Mark unread",
  snooze: "Snooze",
  endSnooze: "End snooze",
  actionOn: (action: string, title: string) => `${action}: ${title}`,
  snoozeHour: "1 hour",
  snoozeDay: "End of day",
  snoozeTomorrow: "Tomorrow",
  snoozeChoose: "Until a time of your own",
  snoozeUntil: "Snooze until",
  snoozeInPast: "Choose a time that is still to come, within a year.",
  timesIn: (zone: string) => `Times in ${zone}`,
  showMore: "Show more",
  showLess: "Show less",
  moreAlerts: (count: number) => plural(count, { other: "Show # more" }),
  fewerAlerts: "Show fewer",
  partUnread: (count: number) => `${count} unread`,
  partSnoozed: (count: number) => `${count} snoozed`,
  partRead: (count: number) => `${count} read`,
  alertMarkedRead: "Alert marked as read",
  alertSnoozed: "Alert snoozed",
  snoozeEnded: "The snooze is over",
  alertActionFailed: "The alert could not be changed",
  snoozeFailed: "The alert could not be snoozed",
  alertIsGone: "This alert is no longer on show",
  alertAnnounced: (severity: string, title: string) => `New alert, ${severity}: ${title}`,
  alertsAnnounced: (count: number) =>
    plural(count, { one: "# new alert", other: "# new alerts" }),
  alertReminder: (severity: string, title: string, count: number) =>
    `Reminder ${count}, ${severity}: ${title}`,
  alertEnded: (title: string) => `Alert ended: ${title}`,
  tomorrowClock: (clock: string) => `tomorrow, ${clock}`,

  // At a glance
  overview: "At a glance",
  notifications: "Notifications",
  snoozed: "Snoozed",
  nothingUnread: "All read",
  nothingSnoozed: "Nothing snoozed",
  newest: "Newest",
  until: (when: string) => `until ${when}`,
  untilEndOfDay: "until the end of the day",
};
