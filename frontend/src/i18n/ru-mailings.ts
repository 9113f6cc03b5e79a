/** What the page says of mailings in Russian. */

import type { MailingStatus } from "../client";
import type { enMailings } from "./en-mailings";

const numbers = new Intl.NumberFormat("ru");

const russian: Record<MailingStatus, string> = {
  draft: "Черновик",
  scheduled: "Запланирована",
  running: "Идёт",
  paused: "Приостановлена",
  done: "Завершена",
  cancelled: "Отменена",
};

export const ruMailings: typeof enMailings = {
  mailings: "Рассылки",
  mailingProgress: (title) => `Ход рассылки: ${title}`,
  mailingStatus: (status) => russian[status],
  mailingStart: "Запустить",
  mailingStartOf: (title) => `Запустить: ${title}`,
  mailingConfirm: (clients, messages) =>
    `Запустить рассылку? Клиентов: ${numbers.format(clients)}, SMS: ${numbers.format(messages)}.`,
  mailingSent: (sent, total) =>
    `отправлено ${numbers.format(sent)} из ${numbers.format(total)}`,
  mailingFailed: (count) => `${numbers.format(count)} с ошибкой`,
  mailingExpired: (count) => `${numbers.format(count)} просрочено`,
  mailingUnknown: (count) => `${numbers.format(count)} неизвестно`,
  mailingCancelled: (count) => `${numbers.format(count)} отменено`,
  mailingRate: (rate) => `${numbers.format(rate)} в секунду`,
  mailingLeft: (duration) => `осталось ${duration}`,
  mailingNotStarted: "Не удалось запустить рассылку.",
};
