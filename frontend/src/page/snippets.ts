/** Lines that send a notification to one user, each from another world. */

export interface Snippets {
  curl: string;
  rabbit: string;
  python: string;
}

interface Recipient {
  userId: number;
  origin: string;
}

export function snippetsFor({ userId, origin }: Recipient): Snippets {
  const payload = { text: "Hello from the command line" };
  const message = JSON.stringify({ user_id: userId, title: "Hello", payload });
  return {
    curl: [
      `curl -sS ${origin}/api/notifications/send/`,
      "-H @service.key",
      "-H 'Content-Type: application/json'",
      `-d '${message}'`,
    ].join(" \\\n  "),
    rabbit: [
      'amqp-publish --url="$RABBITMQ_URL"',
      "--exchange=notifications_exchange",
      "--routing-key=notifications.send",
      "--content-type=application/json",
      `--body='${message}'`,
    ].join(" \\\n  "),
    python: [
      ".venv/bin/python backend/manage.py shell -c '",
      "from apps.notifications.services import notify_user_by_id",
      `notify_user_by_id("${userId}", ${JSON.stringify(payload)})`,
      "'",
    ].join("\n"),
  };
}
