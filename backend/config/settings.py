"""All settings; the environment decides the profile (docs/configuration.md)."""

import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from celery.schedules import crontab

from apps.delivery.own_sandbox import url_of as sandbox_url
from config.environment import (
    database_url,
    derived_secret,
    env,
    kept_secret,
    listing,
    networks,
    one_of,
    origins,
    pairs,
    seconds,
    switch,
    text,
    url,
    whole_number,
)
from config.logs import logging_config

ROOT = Path(__file__).resolve().parent.parent.parent
# `consumers` stands beside `backend`; celery and daphne start inside of the latter.
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))
if switch("READ_DOT_ENV", default=True) and (ROOT / ".env").is_file():
    env.read_env(ROOT / ".env")

VERSION = "0.1.0"

ENVIRONMENT = one_of("ENVIRONMENT", ("local", "production"))
DEBUG = switch("DEBUG", default=False)
DEMO = switch("DEMO", default=False)
HOST = text("HOST", "127.0.0.1")
PORT = whole_number("PORT", 8000, least=0, most=65_535)
WEB_CONCURRENCY = whole_number("WEB_CONCURRENCY", 1)
DATA_DIR = Path(text("DATA_DIR", str(ROOT / "data"))).resolve()
PUBLIC_URL = url("PUBLIC_URL", ("http", "https"), "https://push.example.org")
PUBLIC_URL = PUBLIC_URL.rstrip("/")
PUBLIC_IS_HTTPS = PUBLIC_URL.startswith("https://")

SECRET_KEY = text("SECRET_KEY")
SECRET_KEY_IS_KEPT = not SECRET_KEY
if SECRET_KEY_IS_KEPT:
    SECRET_KEY = kept_secret(DATA_DIR / "secret_key")

ALLOWED_HOSTS = listing("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
if PUBLIC_URL:
    ALLOWED_HOSTS.append(urlsplit(PUBLIC_URL).hostname or "")
if HOST not in {"0.0.0.0", "::"}:  # noqa: S104  (a comparison, nothing is bound)
    ALLOWED_HOSTS.append(HOST)
_own_origins = [PUBLIC_URL] if PUBLIC_URL else []
CSRF_TRUSTED_ORIGINS = origins("CSRF_TRUSTED_ORIGINS", _own_origins)
WS_ALLOWED_ORIGINS = origins("WS_ALLOWED_ORIGINS", _own_origins)
CORS_ALLOWED_ORIGINS = origins("CORS_ALLOWED_ORIGINS", [])
TRUSTED_PROXIES = networks("TRUSTED_PROXIES")

INSTALLED_APPS = [
    # Before daphne: its `runserver` is ours with the embedded workers.
    "apps.realtime",
    "daphne",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_yasg",
    "django_extensions",
    "apps.common",
    "apps.accounts",
    "apps.push",
    "apps.delivery",
    "apps.notifications",
    "apps.alerts",
    "apps.sandbox",
    "apps.events",
    "apps.mailings",
    "consumers",
    "config",
    *listing("EXTRA_APPS"),
]

MIDDLEWARE = [
    "apps.common.requests.request_id_middleware",
    "apps.common.metrics.metrics_middleware",
    "config.security_headers.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "config.static_files.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = None

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


DATABASE_URL = database_url()
DATABASE_IS_EMBEDDED = not DATABASE_URL
if DATABASE_IS_EMBEDDED:
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    DATABASE_URL = f"sqlite:///{DATA_DIR / 'carillon.sqlite3'}"
_database = env.db_url_config(DATABASE_URL)
DATABASE_IS_SQLITE = str(_database["ENGINE"]).endswith("sqlite3")
DATABASE_POOL_SIZE = whole_number("DATABASE_POOL_SIZE", 8, least=2)
DATABASE_STATEMENT_TIMEOUT = seconds("DATABASE_STATEMENT_TIMEOUT", 5)
_database["CONN_MAX_AGE"] = 0
_database["ATOMIC_REQUESTS"] = False
if DATABASE_IS_SQLITE:
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON"
        ),
    }
else:
    _database["OPTIONS"] = {
        # A host that vanished without a word is given up after some 25 seconds.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
        **_database.get("OPTIONS", {}),
        "pool": {"min_size": 2, "max_size": DATABASE_POOL_SIZE, "timeout": 3},
        "connect_timeout": 3,
        "options": (
            f"-c statement_timeout={int(DATABASE_STATEMENT_TIMEOUT * 1000)}"
            " -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000"
        ),
    }
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


REDIS_URL = url("REDIS_URL", ("redis", "rediss", "unix"), "redis://host:6379/0")
REDIS_PREFIX = text("REDIS_PREFIX", "carillon")
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "apps.push.redis_layer.RedisLayer",
            "CONFIG": {
                "hosts": [
                    {
                        "address": REDIS_URL,
                        "socket_timeout": 2,
                        "socket_connect_timeout": 1,
                        "health_check_interval": 15,
                    },
                ],
                "prefix": REDIS_PREFIX,
                "symmetric_encryption_keys": (
                    [SECRET_KEY] if ENVIRONMENT == "production" else []
                ),
            },
        },
    }
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": REDIS_PREFIX,
            "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
        },
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "apps.push.local_layer.LocalLayer"}}
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

_amqp_example = "amqp://user:password@host:5672/vhost"
RABBITMQ_URL = url("RABBITMQ_URL", ("amqp", "amqps"), _amqp_example)
RABBITMQ_PREFIX = text("RABBITMQ_PREFIX")
RABBITMQ_PREFETCH = whole_number("RABBITMQ_PREFETCH", 500, most=65_535)
RABBITMQ_BATCH = whole_number("RABBITMQ_BATCH", 200, most=500)
RABBITMQ_DELIVERY_LIMIT = whole_number("RABBITMQ_DELIVERY_LIMIT", 50)
RABBITMQ_RESULTS_LIMIT = whole_number("RABBITMQ_RESULTS_LIMIT", 100_000)
RABBITMQ_HEARTBEAT_SECONDS = whole_number("RABBITMQ_HEARTBEAT_SECONDS", 10, most=600)
RABBITMQ_BLOCKED_SECONDS = seconds("RABBITMQ_BLOCKED_SECONDS", 15)
RABBITMQ_CONNECT_SECONDS = seconds("RABBITMQ_CONNECT_SECONDS", 8)
RABBITMQ_RETRY_SECONDS = seconds("RABBITMQ_RETRY_SECONDS", 10)
RABBITMQ_PAUSE_SECONDS = seconds("RABBITMQ_PAUSE_SECONDS", 20)
RABBITMQ_RELEASE_SECONDS = seconds("RABBITMQ_RELEASE_SECONDS", 1200)
RABBITMQ_SHUTDOWN_SECONDS = seconds("RABBITMQ_SHUTDOWN_SECONDS", 9)
RABBITMQ_OUTBOX_SECONDS = seconds("RABBITMQ_OUTBOX_SECONDS", 1)
RABBITMQ_CONFIRM_SECONDS = seconds("RABBITMQ_CONFIRM_SECONDS", 20)
RABBITMQ_INBOX_DAYS = whole_number("RABBITMQ_INBOX_DAYS", 7)
RABBITMQ_DEAD_LETTER_DAYS = whole_number("RABBITMQ_DEAD_LETTER_DAYS", 90)


CELERY_BROKER_URL = url(
    "CELERY_BROKER_URL",
    ("amqp", "amqps", "redis", "rediss"),
    _amqp_example,
)
CELERY_IS_EMBEDDED = not CELERY_BROKER_URL
CELERY_BROKER_URL = CELERY_BROKER_URL or "memory://localhost/"
_transport_options: dict[str, dict[str, object]] = {
    "memory": {"polling_interval": 0.03},
    "redis": {
        "visibility_timeout": 300,
        "socket_timeout": 5,
        "health_check_interval": 15,
    },
    "rediss": {"visibility_timeout": 300, "socket_timeout": 5},
}
CELERY_BROKER_TRANSPORT_OPTIONS = _transport_options.get(
    urlsplit(CELERY_BROKER_URL).scheme,
    {"confirm_publish": True},
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_TIMER_PRECISION = 0.1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_max": 0.2,
}
CELERY_TASK_DEFAULT_QUEUE = "sweeps"
# Loops of up to a minute, beside which the short sweeps must not wait.
CELERY_TASK_ROUTES = {
    "mailings.run": {"queue": "engine"},
    "mailings.run_imports": {"queue": "engine"},
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "apps.common.timetable:PersistentScheduler"
CELERY_BEAT_SCHEDULE = {
    "beat's sign of life": {
        "task": "common.sign_of_life",
        "schedule": 5.0,
        "options": {"expires": 15, "headers": {"sent_by": "beat"}},
    },
    "broadcasts": {"task": "notifications.run_broadcasts", "schedule": 2.0},
    "deliver outside": {"task": "notifications.deliver", "schedule": 2.0},
    "tell of faults": {"task": "notifications.tell_of_faults", "schedule": 10.0},
    "send events": {"task": "events.run_sends", "schedule": 2.0},
    "prune events": {"task": "events.prune", "schedule": 3600.0},
    "begin and end alerts": {"task": "alerts.settle", "schedule": 2.0},
    "tell of alerts outside": {"task": "alerts.tell_outside", "schedule": 2.0},
    "count alerts": {"task": "alerts.keep_journal", "schedule": 2.0},
    "remind of alerts": {"task": "alerts.send_reminders", "schedule": 10.0},
    "end snoozes": {"task": "alerts.reset_daily_snoozes", "schedule": 5.0},
    "tell newcomers of alerts": {"task": "alerts.tell_newcomers", "schedule": 3600.0},
    "prune alerts": {"task": "alerts.prune", "schedule": 600.0},
    "expire notifications": {"task": "notifications.expire", "schedule": 5.0},
    "keep mailings going": {"task": "mailings.settle", "schedule": 2.0},
    "import clients": {"task": "mailings.run_imports", "schedule": 10.0},
    "forget what is past use": {"task": "accounts.prune", "schedule": 600.0},
    "prune notifications": {
        "task": "notifications.prune",
        "schedule": crontab(hour="3", minute="20"),
    },
}


AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/"
TOKEN_LIFETIME = timedelta(hours=whole_number("TOKEN_LIFETIME_HOURS", 720))
INBOX_TOKEN_LIFETIME = timedelta(seconds=seconds("INBOX_TOKEN_SECONDS", 3600))
TICKET_LIFETIME = timedelta(seconds=seconds("TICKET_SECONDS", 30))
LOGIN_FAILURE_LIMIT = whole_number("LOGIN_FAILURE_LIMIT", 5)
LOGIN_FAILURE_WINDOW = timedelta(seconds=seconds("LOGIN_FAILURE_SECONDS", 900))
KNOX_TOKEN_MODEL = "accounts.AuthToken"  # noqa: S105  (a name)
# knox's own table would stay empty, and its foreign key is in the way of TRUNCATE.
MIGRATION_MODULES: dict[str, str | None] = {"knox": None}
REST_KNOX = {
    "TOKEN_TTL": TOKEN_LIFETIME,
    "TOKEN_MODEL": "accounts.AuthToken",
    "AUTH_HEADER_PREFIX": "Token",
    "AUTO_REFRESH": False,
}


REST_FRAMEWORK = {
    # The token comes first so that a missing login is 401, not 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.UserTokenAuthentication",
        "apps.accounts.authentication.ServiceKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.permissions.IsPerson"],
    "DEFAULT_PARSER_CLASSES": ["apps.common.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "apps.common.rendering.StaffBrowsableAPIRenderer",
    ],
    "DEFAULT_PAGINATION_CLASS": "apps.common.pagination.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "apps.common.errors.exception_handler",
    "PAGE_SIZE": 25,
    "NUM_PROXIES": 1 if TRUSTED_PROXIES else 0,
}
DOCS_PUBLIC = switch("DOCS_PUBLIC", default=True)
SWAGGER_USE_COMPAT_RENDERERS = False
SWAGGER_SETTINGS = {
    "USE_SESSION_AUTH": False,
    "DEFAULT_INFO": "config.api_docs.INFO",
    "DEFAULT_AUTO_SCHEMA_CLASS": "config.api_docs.Operation",
    "VALIDATOR_URL": None,
    "PERSIST_AUTH": False,
    "SECURITY_DEFINITIONS": {
        "Token": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token <token>` from `POST /api/auth/token/`",
        },
        "ServiceId": {"type": "apiKey", "in": "header", "name": "X-Service-Id"},
        "ServiceToken": {"type": "apiKey", "in": "header", "name": "X-Service-Token"},
    },
}
REDOC_SETTINGS = {"LAZY_RENDERING": False}
METRICS_TOKEN = text("METRICS_TOKEN")
IDEMPOTENCY_RETENTION = timedelta(hours=whole_number("IDEMPOTENCY_HOURS", 72))
REQUEST_BODY_LIMIT = 1_048_576
# A file with clients, from somebody who shows a login.
IMPORT_BODY_LIMIT = 20 * 1_048_576
REQUEST_BODY_SECONDS = seconds("REQUEST_BODY_SECONDS", 30)
API_DEADLINE_SECONDS = seconds("API_DEADLINE_SECONDS", 3)
PAGE_DEADLINE_SECONDS = seconds("PAGE_DEADLINE_SECONDS", 60)
DATA_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BODY_LIMIT
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
FILE_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BODY_LIMIT


ACKED_RETENTION = timedelta(days=whole_number("RETENTION_ACKED_DAYS", 30))
ALERT_LOG_RETENTION = timedelta(days=whole_number("RETENTION_ALERT_LOG_DAYS", 90))
UNACKED_RETENTION = timedelta(days=whole_number("RETENTION_UNACKED_DAYS", 90))


# Where messages leave to; docs/delivery.md. Not set, outside of production: the sandbox
# of this very server, where people can look at them.
SANDBOX = ENVIRONMENT == "local"
SANDBOX_URL = url("SANDBOX_URL", ("http", "https"), "http://127.0.0.1:8000/sandbox")
SANDBOX_IS_OWN = SANDBOX and not SANDBOX_URL
if SANDBOX_IS_OWN:
    SANDBOX_URL = sandbox_url(HOST, PORT)
# Whoever reads the secret may know this as well; nobody else has business there.
SANDBOX_TOKEN = derived_secret(SECRET_KEY, "sandbox")
SMS_GATEWAY_URL = url("SMS_GATEWAY_URL", ("http", "https"), "https://sms.example.org")
SMS_GATEWAY_TOKEN = text("SMS_GATEWAY_TOKEN", text("TOKEN"))
SMS_USES_SANDBOX = not SMS_GATEWAY_URL and bool(SANDBOX_URL)
if SMS_USES_SANDBOX:
    SMS_GATEWAY_URL = f"{SANDBOX_URL}/sms"
    SMS_GATEWAY_TOKEN = SANDBOX_TOKEN
EMAIL_SCHEMES = ("smtp+tls", "smtp+ssl", "smtp", "consolemail")
EMAIL_URL = url("EMAIL_URL", EMAIL_SCHEMES, "smtp+tls://user:password@host:587")
EMAIL_IS_CONFIGURED = bool(EMAIL_URL or SANDBOX_URL)
if EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
    if EMAIL_URL.startswith("smtp"):
        EMAIL_BACKEND = "apps.delivery.smtp.Backend"
else:
    EMAIL_BACKEND = (
        "apps.sandbox.mail.SandboxBackend"
        if SANDBOX_URL
        else "django.core.mail.backends.dummy.EmailBackend"
    )
EMAIL_TIMEOUT = seconds("EMAIL_TIMEOUT", 10)
_mail_host = urlsplit(PUBLIC_URL).hostname or "localhost"
DEFAULT_FROM_EMAIL = text("EMAIL_FROM", f"Carillon <carillon@{_mail_host}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
SMS_FAIL_ALWAYS = switch("SMS_FAIL_ALWAYS", default=False)
SMS_GATEWAY_IDEMPOTENT = switch("SMS_GATEWAY_IDEMPOTENT", default=True)
SMS_GATEWAY_TIMEOUT = seconds("SMS_GATEWAY_TIMEOUT", 10)
SMS_GATEWAY_RATE = whole_number("SMS_GATEWAY_RATE", 0, least=0)
SMS_GATEWAY_CONCURRENCY = whole_number("SMS_GATEWAY_CONCURRENCY", 10, most=1000)
TELEGRAM_BOT_TOKEN = text("TELEGRAM_BOT_TOKEN")
TELEGRAM_API_URL = url("TELEGRAM_API_URL", ("http", "https"), "https://host")
TELEGRAM_API_URL = TELEGRAM_API_URL or "https://api.telegram.org"
WEBHOOK_SECRET = text("WEBHOOK_SECRET") or derived_secret(SECRET_KEY, "webhook")
ON_UNKNOWN = pairs("ON_UNKNOWN", ("hold", "retry", "next"))
DELIVERY_LEASE_SECONDS = seconds("DELIVERY_LEASE_SECONDS", 120)
EMAIL_CONCURRENCY = whole_number("EMAIL_CONCURRENCY", 5, most=100)
ALLOW_INSECURE_GATEWAY = switch("ALLOW_INSECURE_GATEWAY", default=False)
OUTGOING_ALLOWED_HOSTS = listing("OUTGOING_ALLOWED_HOSTS")
MAILING_ENGINES = whole_number("MAILING_ENGINES", 1, most=100)
MAILING_RETRY = timedelta(seconds=seconds("MAILING_RETRY_SECONDS", 5))
OUTGOING_PROXY = url("OUTGOING_PROXY", ("http",), "http://proxy.example.org:3128")


# Called where a server starts; a string, since settings come before everything.
REFUSE_TO_START = "config.checks.refuse_to_start"
SHUTDOWN_SECONDS = seconds("SHUTDOWN_SECONDS", 2.5 if CELERY_IS_EMBEDDED else 10)
STALL_SECONDS = seconds("STALL_SECONDS", 60)
WEB_SERVER = one_of("WEB_SERVER", ("uvicorn", "daphne"))
WS_PING_SECONDS = seconds("WS_PING_SECONDS", 20)
WS_PONG_SECONDS = seconds("WS_PONG_SECONDS", 10)
WS_AUTH_SECONDS = seconds("WS_AUTH_SECONDS", 5)
WS_SESSION_SECONDS = seconds("WS_SESSION_SECONDS", 3600)
WS_FRAME_LIMIT = whole_number("WS_FRAME_LIMIT", 16_384)
WS_WINDOW = whole_number("WS_WINDOW", 64)
WS_WINDOW_BYTES = whole_number("WS_WINDOW_BYTES", 1_048_576)
WS_WINDOW_SECONDS = seconds("WS_WINDOW_SECONDS", 60)
WS_QUEUE_BYTES = whole_number("WS_QUEUE_BYTES", 1_048_576)
WS_RATE_FRAMES = whole_number("WS_RATE_FRAMES", 40)
WS_RATE_SECONDS = seconds("WS_RATE_SECONDS", 10)
WS_RATE_BURST = whole_number("WS_RATE_BURST", 20)
WS_ERRORS_PER_MINUTE = whole_number("WS_ERRORS_PER_MINUTE", 10)
WS_CONNECTIONS_PER_USER = whole_number("WS_CONNECTIONS_PER_USER", 10)
WS_CONNECTIONS_PER_PROCESS = whole_number("WS_CONNECTIONS_PER_PROCESS", 20_000)
WS_POLL_SECONDS = seconds("WS_POLL_SECONDS", 4)
WS_REPLAY_LIMIT = whole_number("WS_REPLAY_LIMIT", 1000)
WS_CLOSE_SECONDS = seconds("WS_CLOSE_SECONDS", 2)
WS_DRAIN_SECONDS = seconds("WS_DRAIN_SECONDS", 1)


LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATIC_ROOT = Path(text("STATIC_ROOT", str(ROOT / "backend" / "staticfiles")))
FRONTEND_DIST = ROOT / "frontend" / "dist"
STATICFILES_DIRS = [FRONTEND_DIST] if FRONTEND_DIST.is_dir() else []
SERVESTATIC_USE_FINDERS = not STATIC_ROOT.is_dir()
SERVESTATIC_AUTOREFRESH = False
SERVESTATIC_USE_MANIFEST = False
# Types of TypeScript, which would be a film otherwise.
SERVESTATIC_MIMETYPES = {".ts": "text/plain"}

SESSION_ENGINE = "apps.accounts.sessions"
SESSION_COOKIE_AGE = 43_200
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = PUBLIC_IS_HTTPS
CSRF_COOKIE_SECURE = PUBLIC_IS_HTTPS
CSRF_FAILURE_VIEW = "apps.common.errors.csrf_failure"
SECURE_SSL_REDIRECT = PUBLIC_IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if PUBLIC_IS_HTTPS else 0
# Subdomains and the browsers' preload list belong to whoever owns the domain.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# Probes come from inside, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
if SANDBOX:
    SECURE_REDIRECT_EXEMPT.append(r"^sandbox/(sms|mail)/")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOG_LEVEL = one_of("LOG_LEVEL", ("info", "debug", "warning", "error")).upper()
LOG_FORMAT = one_of("LOG_FORMAT", ("text", "json"))
LOGGING = logging_config(level=LOG_LEVEL, style=LOG_FORMAT)

_dropdown = [{"icon": "inbox", "title": "Live page", "link": "/"}]
if SANDBOX:
    _dropdown.append({"icon": "science", "title": "Sandbox", "link": "/sandbox/"})
UNFOLD = {
    "SITE_TITLE": "Carillon",
    "SITE_HEADER": "Carillon",
    "SITE_SYMBOL": "notifications_active",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SITE_DROPDOWN": _dropdown,
}
