"""The one settings file. The environment decides; without any, this is the embedded default for a laptop.

`DATABASE_URL` (postgresql://… or sqlite:///path), `REDIS_URL`, `SECRET_KEY`, `ALLOWED_HOSTS`, `DEBUG`, `EMAIL_URL` (smtp://user:pass@host:25,
smtps://… or console:), `ENCRYPTION_KEYS` (comma separated Fernet keys, the first one encrypts), `HASH_KEY`, `PORTAL_URL`, `DEMO`.
With DEBUG off the portal refuses to start on an insecure value and names it (`refuse_insecure`).
"""

import os
import sys
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules
env = os.environ.get


def flag(name, default):
    return env(name, default).lower() in ("1", "true", "yes", "on")


def database(url):
    """Turn `DATABASE_URL` into Django's dictionary; ImproperlyConfigured if it is neither PostgreSQL nor SQLite."""
    parts = urlsplit(url)
    if parts.scheme in ("postgresql", "postgres"):
        options = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", unquote(parts.hostname or "")),
            "PORT": str(parts.port or options.pop("port", "")),
            "OPTIONS": options,
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            "TEST": {"TEMPLATE": "template0"},
        }
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:]) or ":memory:",
            # IMMEDIATE: a transaction that will write takes its lock at the start, so two of them queue instead of failing half-way.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
            },
        }
    raise ImproperlyConfigured(f"DATABASE_URL: unknown scheme {parts.scheme!r}; use postgresql:// or sqlite:///")


def mail(url):
    """Turn `EMAIL_URL` into Django's e-mail settings."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps"):
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or 25,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": "tls" in dict(parse_qsl(parts.query, keep_blank_values=True)),
        "EMAIL_TIMEOUT": 20,
    }


DEBUG = flag("DEBUG", "on")
# The demo shows its accounts on the sign-in page and a banner on every page; it is never on where DEBUG is off.
DEMO = flag("DEMO", "on" if DEBUG and not TESTING else "off")
INSECURE_KEY = "only-for-a-laptop-this-key-protects-nothing-0123456789"
SECRET_KEY = env("SECRET_KEY", INSECURE_KEY)
# Fernet keys are 32 bytes in URL-safe base64; this one is public and therefore refused with DEBUG off.
INSECURE_ENCRYPTION_KEY = "bm90LWEtc2VjcmV0LW5vdC1hLXNlY3JldC1ub3QtYS0="
ENCRYPTION_KEYS = [key.strip() for key in env("ENCRYPTION_KEYS", INSECURE_ENCRYPTION_KEY).split(",") if key.strip()]
HASH_KEY = env("HASH_KEY", INSECURE_KEY)
ALLOWED_HOSTS = [host.strip() for host in env("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if host.strip()]
PORTAL_URL = env("PORTAL_URL", "http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
REDIS_URL = env("REDIS_URL", "")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "template_partials",
    "csp",
    "foundation",
    "foundation.journal",
    "foundation.notices",
    "foundation.workdays",
    "foundation.clock",
    "foundation.jobs",
    "accounts",
    "communities",
    "issues",
    "visits",
    "dashboards",
    "portal",
]
if TESTING:
    INSTALLED_APPS.append("tests.foundation.shelf")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "foundation.drafts.IdleSignOut",
    "accounts.middleware.ReaderLanguage",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.SecondFactor",
    "foundation.refusals.Refusals",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.navigation.frame",
            ],
        },
    }
]

FORM_RENDERER = "foundation.widgets.Controls"

DATABASES = {"default": database(env("DATABASE_URL", f"sqlite:///{BASE_DIR / 'portal.sqlite3'}"))}
# Indexes that carry further columns are a gift of PostgreSQL; on a laptop they are ordinary ones.
SILENCED_SYSTEM_CHECKS = ["models.W040"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Sign-in limits live in the cache, so every process must see the same one.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- Language and time ---
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# --- Sign-in ---
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "UserAttributeSimilarityValidator": {"user_attributes": ("username", "name", "email")},
        "MinimumLengthValidator": {"min_length": 10},
        "CommonPasswordValidator": {},
        "NumericPasswordValidator": {},
    }.items()
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_CHANGE_EMAIL = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_USER_DISPLAY = "accounts.models.user_display"
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_FORMS = {"login": "accounts.forms.LoginForm"}
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# As many as passwords: a whole office may come from one address, and a passkey cannot be guessed.
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
MFA_FORMS = {
    "add_webauthn": "accounts.forms.AddPasskeyForm",
    "edit_webauthn": "accounts.forms.EditPasskeyForm",
    "login_webauthn": "accounts.forms.PasskeyLoginForm",
    "authenticate_webauthn": "accounts.forms.PasskeyAuthenticateForm",
    "reauthenticate_webauthn": "accounts.forms.PasskeyReauthenticateForm",
}
MFA_TOTP_ISSUER = "社区事务门户"
# A phone's clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1
USERSESSIONS_TRACK_ACTIVITY = False
# After how many days a password must be changed; 0: never. Forced change makes people choose worse ones (NIST SP 800-63B), but an
# inspection by the multi-level protection scheme may ask for 90 (domain.md 3.8).
PASSWORD_DAYS = int(env("PASSWORD_DAYS", "0"))
# Accounts that nobody used for so many days are closed by the clock, after a warning (domain.md 3.8).
IDLE_ACCOUNT_DAYS = int(env("IDLE_ACCOUNT_DAYS", "90"))
IDLE_WARNING_DAYS = 14
# Roles that must have a second factor wherever DEBUG is off (product.md).
SECOND_FACTOR_COMPULSORY = flag("SECOND_FACTOR_COMPULSORY", "off" if DEBUG else "on")

# --- Sessions: idle sign-out after 30 minutes on a desk; on a phone 12 hours idle and 7 days at most (product.md) ---
IDLE_DESK_SECONDS = 30 * 60
IDLE_PHONE_SECONDS = 12 * 3600
PHONE_SESSION_SECONDS = 7 * 86400
SESSION_COOKIE_AGE = PHONE_SESSION_SECONDS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.views.csrf_failure"

# --- Transport and content security ---
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SECURE_SSL_REDIRECT = flag("SECURE_SSL_REDIRECT", "off" if DEBUG else "on")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if flag("BEHIND_PROXY", "off") else None
# Behind a proxy its address would be everybody's, and ten wrong passwords a minute would close the door to the whole district.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if flag("BEHIND_PROXY", "off") else 0
SECURE_HSTS_SECONDS = 0 if DEBUG else 31536000
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Static files ---
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Rosters that come in as Excel (communities/rosters) ---
ROSTER_MOST_BYTES = 20 * 1024 * 1024
ROSTER_MOST_UNPACKED = 400 * 1024 * 1024
ROSTER_MOST_ROWS = 100_000
# How long an uploaded file stays, encrypted, for a further check, the faulty rows, or an answer to "what was in it?".
ROSTER_DAYS_KEPT = 30

# --- Mail ---
globals().update(mail(env("EMAIL_URL", "console:")))
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", "portal@localhost")
# The demo never sends anything, whatever EMAIL_URL says (product.md).
if DEMO:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

# --- Celery: the database is the queue, Celery is the clock (portal/celery.py) ---
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_ALWAYS_EAGER = not REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Long work has a worker of its own (Procfile): an import must not hold up a reminder.
CELERY_TASK_ROUTES = {"foundation.jobs.tasks.run_jobs": {"queue": "long"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A killed worker's task comes back after two minutes at the latest, not after Redis' default of an hour.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 5,
}
CELERY_TIMEZONE = TIME_ZONE

# Neither query strings nor request bodies are logged: both may hold personal data.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"portal": {"level": "INFO"}, "celery": {"level": "WARNING"}},
}


def refuse_insecure():
    """Raise ImproperlyConfigured naming every insecure value; called where DEBUG is off."""
    wrong = []
    if SECRET_KEY == INSECURE_KEY or len(SECRET_KEY) < 40:
        wrong.append("SECRET_KEY must be set to at least 40 random characters")
    if INSECURE_ENCRYPTION_KEY in ENCRYPTION_KEYS or not ENCRYPTION_KEYS:
        wrong.append("ENCRYPTION_KEYS must be set to Fernet keys of your own")
    if HASH_KEY in (INSECURE_KEY, SECRET_KEY) or len(HASH_KEY) < 32:
        wrong.append("HASH_KEY must be set to at least 32 random characters, different from SECRET_KEY")
    if "ALLOWED_HOSTS" not in os.environ or "*" in ALLOWED_HOSTS:
        wrong.append("ALLOWED_HOSTS must name the portal's hosts, without *")
    if "DATABASE_URL" not in os.environ or DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        wrong.append("DATABASE_URL must name a PostgreSQL database")
    if not REDIS_URL:
        wrong.append("REDIS_URL must name the broker of the workers")
    if not PORTAL_URL.startswith("https://"):
        wrong.append("PORTAL_URL must be the public https:// address")
    if DEMO:
        wrong.append("DEMO must be off")
    if wrong:
        raise ImproperlyConfigured("DEBUG is off, but: " + "; ".join(wrong))


if not DEBUG:
    refuse_insecure()

PRODUCT_NAME = _("Community affairs portal")
