# Sourced by the scripts of start/ and health/: where things are, and the secrets.
#
# What the environment gives wins; what it does not give is read from SECRETS_DIR,
# where start/secrets has put random values.
# shellcheck shell=sh
set -eu

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
: "${SECRETS_DIR:=/var/lib/carillon/secrets}"
if [ -d "$ROOT/.venv/bin" ]; then
    PATH="$ROOT/.venv/bin:$PATH"
fi
export PATH PYTHONPATH="$ROOT/backend:$ROOT" PYTHONUNBUFFERED=1

# given_or_kept VARIABLE FILE
given_or_kept() {
    eval "value=\${$1:-}"
    if [ -z "$value" ] && [ -r "$SECRETS_DIR/$2" ]; then
        value=$(cat "$SECRETS_DIR/$2")
    fi
    if [ -n "$value" ]; then
        eval "export $1=\"\$value\""
    fi
}

given_or_kept SECRET_KEY secret_key
given_or_kept METRICS_TOKEN metrics_token
given_or_kept POSTGRES_PASSWORD postgres_password
given_or_kept RABBITMQ_LOGIN rabbitmq_login
given_or_kept RABBITMQ_PASSWORD rabbitmq_password
given_or_kept FLOWER_BASIC_AUTH flower_basic_auth

# Passwords may have characters that mean something in a URL.
if [ -n "${RABBITMQ_HOST:-}" ] && [ -n "${RABBITMQ_LOGIN:-}" ]; then
    rabbitmq=$(python3 -c 'if True:
        from os import environ
        from urllib.parse import quote
        login = quote(environ["RABBITMQ_LOGIN"], safe="")
        password = quote(environ.get("RABBITMQ_PASSWORD", ""), safe="")
        print(f"{login}:{password}@" + environ["RABBITMQ_HOST"])
    ')
    port=${RABBITMQ_PORT:-5672}
    export RABBITMQ_URL="${RABBITMQ_URL:-amqp://$rabbitmq:$port/}"
    export CELERY_BROKER_URL="${CELERY_BROKER_URL:-amqp://$rabbitmq:$port/}"
    # Flower counts the messages of each queue through RabbitMQ's management.
    export FLOWER_BROKER_API="${FLOWER_BROKER_API:-http://$rabbitmq:15672/api/}"
fi

# Health checks ask this machine, whichever names the server answers to.
if [ -n "${ALLOWED_HOSTS:-}" ]; then
    export ALLOWED_HOSTS="$ALLOWED_HOSTS,127.0.0.1"
fi
