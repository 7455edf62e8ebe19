"""Settings, each declared once with its default. Secrets come only from the environment or files."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

from weimin.base import embedded

ROOT = Path(__file__).resolve().parents[3]
DATA = embedded.data_folder()


def _flag(name: str, default: bool) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in ("1", "true", "yes")


def _kept_secret(name: str, size: int = 32) -> str:
    """A secret from the environment, its _FILE, or one made once under the data folder (trial use)."""
    if value := os.environ.get(name):
        return value
    path = Path(os.environ.get(name + "_FILE", DATA / f"{name.lower()}.secret"))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as target:
            target.write(secrets.token_hex(size))
    return path.read_text().strip()


# --- what this installation is -------------------------------------------------------------------
#: Show demonstration aids: codes on a page, made-up staff on the log-in page.
WEIMIN_DEMO = _flag("WEIMIN_DEMO", True)
#: The city's name on every page.
WEIMIN_CITY = os.environ.get("WEIMIN_CITY", "蚌埠市")
#: Where pages live, for QR codes and links in notices.
WEIMIN_BASE_URL = os.environ.get("WEIMIN_BASE_URL", "http://127.0.0.1:8000")
#: The folder of the npm packages with the fonts of papers.
WEIMIN_FONTS = os.environ.get("WEIMIN_FONTS", str(ROOT / "node_modules/@expo-google-fonts"))
#: Where the contents of files are kept.
WEIMIN_FILES_ROOT = os.environ.get("WEIMIN_FILES_ROOT", str(DATA / "files"))
os.environ.setdefault("WEIMIN_MASTER_KEY", _kept_secret("WEIMIN_MASTER_KEY"))

DEBUG = _flag("WEIMIN_DEBUG", False)
SECRET_KEY = _kept_secret("WEIMIN_SECRET_KEY")
ALLOWED_HOSTS = os.environ.get("WEIMIN_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("WEIMIN_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "weimin.kernel.accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "allauth",
    "allauth.account",
    "procrastinate.contrib.django",
    "weimin.ui",
    "weimin.kernel.record",
    "weimin.kernel.directory",
    "weimin.kernel.residents",
    "weimin.kernel.deadlines",
    "weimin.kernel.messages",
    "weimin.kernel.procedures",
    "weimin.kernel.catalogue",
    "weimin.kernel.cases",
    "weimin.kernel.evaluation",
    "weimin.kernel.supervision",
    "weimin.apps.counter",
    "weimin.sites.portal",
    "weimin.sites.desk",
    "weimin.config",
]

MIDDLEWARE = [
    "weimin.config.middleware.Answers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "weimin.config.middleware.Access",
    "weimin.config.looks.Looked",
]
ROOT_URLCONF = "weimin.config.urls"
WSGI_APPLICATION = "weimin.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "weimin.config.middleware.shell_context",
            ],
        },
    }
]


# --- database: DATABASE_URL, or the embedded one that `weimin run` starts ------------------------
def _database() -> dict[str, object]:
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        url = embedded.url_of(DATA)
    parts = urlparse(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "weimin",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": False,
        "TEST": {"NAME": os.environ.get("WEIMIN_TEST_DB", "test_weimin"), "TEMPLATE": "template0"},
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"}}

# --- people and sessions --------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Account"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
ACCOUNT_ADAPTER = "weimin.kernel.accounts.web.adapter.Adapter"
#: How many proxies of our own stand before the web process, for the limits by address.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("WEIMIN_PROXIES", "0"))
ACCOUNT_LOGIN_METHODS = {"phone", "username"}
ACCOUNT_SIGNUP_FIELDS = ["phone", "username*", "password1*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_SESSION_REMEMBER = False
#: Our own log-in pages send on who is logged in already.
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 300
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_LOGIN_BY_CODE_FORMAT = ALLAUTH_USER_CODE_FORMAT
ACCOUNT_PHONE_VERIFICATION_CODE_FORMAT = ALLAUTH_USER_CODE_FORMAT
ACCOUNT_RATE_LIMITS = {"request_login_code": "20/m/ip,5/10m/key", "login_failed": "30/m/ip,10/5m/key"}
LOGIN_REDIRECT_URL = "/"
#: How text messages leave: a dotted path to a provider class.
WEIMIN_SMS_PROVIDER = os.environ.get(
    "WEIMIN_SMS_PROVIDER",
    "weimin.kernel.accounts.actions.DemoSmsProvider" if WEIMIN_DEMO else "weimin.kernel.accounts.registry.ConsoleSms",
)
SESSION_ENGINE = "weimin.kernel.accounts.web.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_COOKIES = _flag("WEIMIN_HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "weimin.config.answers.csrf_failure"

# --- language, time, static files ------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
_hashed = not DEBUG and "pytest" not in sys.modules
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _hashed
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not _hashed

# --- safety ------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 130 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self';"
    " script-src 'self'; font-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
#: Refuse an answer with personal data whose view does not say why it is given out; otherwise the entry says so.
WEIMIN_READS_STRICT = _flag("WEIMIN_READS_STRICT", "pytest" in sys.modules)
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("WEIMIN_LOG_LEVEL", "WARNING")},
}
