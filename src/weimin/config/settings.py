"""Settings, each declared once with its default. Secrets come only from the environment or files."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

from weimin.base import embedded, keys
from weimin.config import addresses

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


def _pairs(name: str) -> dict[str, str]:
    """A variable like `search=600/m;verify=60/m`."""
    return dict(one.split("=", 1) for one in filter(None, os.environ.get(name, "").split(";")))


def _given_secret(name: str) -> str:
    """A secret from the environment or its _FILE; empty when there is none."""
    path = os.environ.get(name + "_FILE", "")
    return os.environ.get(name, "") or (Path(path).read_text(encoding="utf-8").strip() if path else "")


# --- what this installation is -------------------------------------------------------------------
#: Show demonstration aids: codes on a page, made-up staff on the log-in page.
WEIMIN_DEMO = _flag("WEIMIN_DEMO", True)
#: The city's name on every page.
WEIMIN_CITY = os.environ.get("WEIMIN_CITY", "蚌埠市")
#: Where pages live, for QR codes and links in notices.
WEIMIN_BASE_URL = os.environ.get("WEIMIN_BASE_URL", "http://127.0.0.1:8000")
#: Under which licence the catalogue is open data: its address.
WEIMIN_DATA_LICENCE = os.environ.get("WEIMIN_DATA_LICENCE", "https://creativecommons.org/licenses/by/4.0/")
#: The licence's name as people read it.
WEIMIN_DATA_LICENCE_NAME = os.environ.get("WEIMIN_DATA_LICENCE_NAME", "知识共享署名 4.0 国际许可（CC BY 4.0）")
#: The folder of the npm packages with the fonts of papers.
WEIMIN_FONTS = os.environ.get("WEIMIN_FONTS", str(ROOT / "node_modules/@expo-google-fonts"))
#: Where the contents of files are kept: an absolute folder, or s3://bucket/prefix.
WEIMIN_FILES = os.environ.get("WEIMIN_FILES", str(DATA / "files"))
#: A second store while contents are moved: read when the first has no such content, deleted from, never written to.
WEIMIN_FILES_ALSO = os.environ.get("WEIMIN_FILES_ALSO", "")
#: The address of the S3 store that buckets lie in; Amazon's own when empty.
WEIMIN_BUCKET_ENDPOINT = os.environ.get("WEIMIN_BUCKET_ENDPOINT", "")
#: The region that the S3 store calls itself.
WEIMIN_BUCKET_REGION = os.environ.get("WEIMIN_BUCKET_REGION", "us-east-1")
#: 0 for stores that want the bucket in the host name instead of the path.
WEIMIN_BUCKET_PATH_STYLE = _flag("WEIMIN_BUCKET_PATH_STYLE", True)
WEIMIN_BUCKET_KEY = _given_secret("WEIMIN_BUCKET_KEY")
WEIMIN_BUCKET_SECRET = _given_secret("WEIMIN_BUCKET_SECRET")
#: A file with the certificate authority of the S3 store, when it is not one that everybody trusts.
WEIMIN_BUCKET_CA_FILE = os.environ.get("WEIMIN_BUCKET_CA_FILE", "")
#: So many seconds the S3 store may be silent; a call is tried twice, then the request fails kindly.
WEIMIN_BUCKET_TIMEOUT = float(os.environ.get("WEIMIN_BUCKET_TIMEOUT", "5"))
# master keys: a file of lines `id:hex`, this value of the same form, or a command of a key management system.
_MASTER = ("WEIMIN_MASTER_KEY_FILE", "WEIMIN_MASTER_KEY", "WEIMIN_KMS_COMMAND")
_INDEX = ("WEIMIN_INDEX_KEY_FILE", "WEIMIN_INDEX_KEY")
if not any(os.environ.get(name) for name in _MASTER):
    os.environ["WEIMIN_MASTER_KEY_FILE"] = keys.ensure_trial_file(DATA / "weimin_master_key.secret")

DEBUG = _flag("WEIMIN_DEBUG", False)
SECRET_KEY = _kept_secret("WEIMIN_SECRET_KEY")
ALLOWED_HOSTS = os.environ.get("WEIMIN_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("WEIMIN_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "weimin.kernel.accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
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
    "weimin.kernel.rights",
    "weimin.kernel.supervision",
    "weimin.apps.counter",
    "weimin.apps.listkeeping",
    "weimin.apps.taskadmission",
    "weimin.apps.delegation",
    "weimin.sites.portal",
    "weimin.sites.desk",
    "weimin.config",
]

MIDDLEWARE = [
    "weimin.config.watching.Watched",
    "weimin.config.replicas.Replicas",
    # what differs from request to request stands before it: it keeps an answer as all below have made it
    "weimin.config.sharing.Sharing",
    "weimin.config.middleware.Answers",
    "django.middleware.security.SecurityMiddleware",
    "weimin.config.hardening.Hardening",
    "weimin.config.probes.Probed",
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
#: Past the pooler, straight to the server: for the worker, migrations and the command line, which need a session of
#: their own. Web processes never use it (wsgi.py).
WEIMIN_DIRECT_DATABASE_URL = os.environ.get("WEIMIN_DIRECT_DATABASE_URL", "")
DATABASES = {"default": addresses.database(WEIMIN_DIRECT_DATABASE_URL or os.environ.get("DATABASE_URL", ""), DATA)}
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("WEIMIN_TEST_DB", "test_weimin"), "TEMPLATE": "template0"}
#: The address that `weimin run` gives to its web processes, when they log in as another role than the rest.
WEIMIN_WEB_DATABASE_URL = os.environ.get("WEIMIN_WEB_DATABASE_URL", "")
#: 1 in web processes of the primary when a group beside them reads from a standby: writes are then marked.
WEIMIN_REPLICAS = _flag("WEIMIN_REPLICAS", False)
#: 1 in web processes whose database is a standby: they answer what only looks, and pass on the rest with 421.
WEIMIN_READ_GROUP = _flag("WEIMIN_READ_GROUP", False)
#: A standby that has heard of no write for so many seconds answers nothing; the worker writes every twenty.
WEIMIN_REPLICA_LAG_SECONDS = int(os.environ.get("WEIMIN_REPLICA_LAG_SECONDS", "60"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"}}

# --- public pages ------------------------------------------------------------------------------------
#: So many megabytes of public pages each web process keeps ready; 0 keeps none. Off in tests that do not ask for it.
WEIMIN_SHARED_MB = float(os.environ.get("WEIMIN_SHARED_MB", "0" if "pytest" in sys.modules else "32"))

# --- people and sessions --------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Account"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTHENTICATION_BACKENDS = [
    "weimin.kernel.accounts.web.adapter.OneCheck",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "display_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "weimin.kernel.accounts.queries.BreachedPasswords"},
]
#: A sorted file of SHA-1 digests of breached passwords, in the form of the public lists; none is asked when empty.
WEIMIN_BREACHED_PASSWORDS = os.environ.get("WEIMIN_BREACHED_PASSWORDS", "")
ACCOUNT_ADAPTER = "weimin.kernel.accounts.web.adapter.Adapter"
#: How many proxies of our own stand before the web process, for the limits by address.
WEIMIN_PROXIES = int(os.environ.get("WEIMIN_PROXIES", "0"))
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
#: Our own limits stand in their place: allauth keeps its in the cache, which drops them when it is full.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
MFA_ADAPTER = "weimin.kernel.accounts.web.adapter.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
#: off: nobody needs a second factor. Off in the demonstration, so that its made-up people can be tried.
WEIMIN_SECOND_FACTOR = _flag("WEIMIN_SECOND_FACTOR", not WEIMIN_DEMO)
#: The roles whose holders need a second factor, separated by commas.
WEIMIN_SECOND_FACTOR_ROLES = frozenset(
    os.environ.get(
        "WEIMIN_SECOND_FACTOR_ROLES",
        "system_admin,security_admin,audit_admin,operator,supervisor,list_keeper,procedure_keeper",
    ).split(",")
)
#: An administrator's break-glass session (应急查看) lasts so many minutes.
WEIMIN_GLASS_MINUTES = int(os.environ.get("WEIMIN_GLASS_MINUTES", "30"))
#: How many of them one administrator may open a day.
WEIMIN_GLASS_A_DAY = int(os.environ.get("WEIMIN_GLASS_A_DAY", "3"))
#: How often something may be tried by one device, phone, client or address: a burst, then one each share of the
#: time. The variable changes some of them: `search=600/m;verify=60/m`.
WEIMIN_RATES = {
    "login": "10/5m,100/d",  # wrong passwords, by known device, or by account for all strange devices together
    "login.address": "60/m",
    "second": "5/5m,50/d",  # wrong digits after a right password
    "second.address": "60/m",
    "passkey": "30/m",
    "code": "5/10m,20/d",  # codes sent to a phone
    "code.address": "20/m",
    "city": "30/m",
    "verify": "30/m",
    "search": "300/m",
    "search.miss": "1/d",  # a question without an answer counts once a day for each address
    "search.misses": "60/d",  # and so many of them
    "data": "60/m",  # open data: whole files
    "api.client": "1200/m",
    "api.unknown": "30/m",
    "held": "1/15m",  # entries in the trail about tries that are held off
} | _pairs("WEIMIN_RATES")
#: The city's identity provider for residents (OpenID Connect): its address; no button when empty.
WEIMIN_OIDC_ISSUER = os.environ.get("WEIMIN_OIDC_ISSUER", "")
#: As whom we are known there.
WEIMIN_OIDC_CLIENT_ID = os.environ.get("WEIMIN_OIDC_CLIENT_ID", "")
WEIMIN_OIDC_CLIENT_SECRET = _given_secret("WEIMIN_OIDC_CLIENT_SECRET")
#: What the button says.
WEIMIN_OIDC_NAME = os.environ.get("WEIMIN_OIDC_NAME", "市统一身份认证")
#: What is asked of it.
WEIMIN_OIDC_SCOPE = os.environ.get("WEIMIN_OIDC_SCOPE", "openid profile phone")
#: The claim with the verified identity number, with which residents may register; not used when empty.
WEIMIN_OIDC_ID_CLAIM = os.environ.get("WEIMIN_OIDC_ID_CLAIM", "")
LOGIN_REDIRECT_URL = "/"
#: How long a system outside may take to answer for one message; afterwards the message is given to it again.
WEIMIN_OUTSIDE_SECONDS = int(os.environ.get("WEIMIN_OUTSIDE_SECONDS", "120"))
#: How text messages leave: a dotted path to a provider class.
WEIMIN_SMS_PROVIDER = os.environ.get(
    "WEIMIN_SMS_PROVIDER",
    "weimin.kernel.accounts.actions.DemoSmsProvider" if WEIMIN_DEMO else "weimin.kernel.accounts.registry.ConsoleSms",
)
SESSION_ENGINE = "weimin.kernel.accounts.web.sessions"
SESSION_COOKIE_AGE = 12 * 3600
#: After so many minutes without use a log-in ends, and in any case twelve hours after it began.
WEIMIN_IDLE_MINUTES = int(os.environ.get("WEIMIN_IDLE_MINUTES", "240"))
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_COOKIES = _flag("WEIMIN_HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
if SECURE_COOKIES:
    # a browser takes these names only over HTTPS, for this host and the whole of it
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
CSRF_FAILURE_VIEW = "weimin.config.middleware.csrf_failure"

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
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
#: A year of HTTPS only, once it is served over HTTPS at all.
SECURE_HSTS_SECONDS = 365 * 86400 if SECURE_COOKIES else 0
if SECURE_COOKIES and WEIMIN_PROXIES:
    # our own proxy ends TLS; without one the header may be anybody's
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
#: What a form holds beside its files; files have their own limits.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 50
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; font-src 'self'; connect-src 'self';"
    " manifest-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
#: Refuse an answer with personal data whose view does not say why it is given out; otherwise the entry says so.
WEIMIN_READS_STRICT = _flag("WEIMIN_READS_STRICT", "pytest" in sys.modules)
#: The proxy redirects to HTTPS; whether other names below the city's domain are HTTPS only is not ours to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]

# --- watching ------------------------------------------------------------------------------------------
#: Prometheus reads /metrics with this token; without one nothing is counted.
WEIMIN_METRICS_TOKEN = _given_secret("WEIMIN_METRICS_TOKEN")
#: Where processes that start and end together keep their counts for it; the folders beside it are others', of the
#: same machine, and are read with it. The units and compose.yaml set it.
WEIMIN_METRICS_FOLDER = os.environ.get("WEIMIN_METRICS_FOLDER", str(DATA / "metrics" / "run"))
if WEIMIN_METRICS_TOKEN:
    # the library reads it when it is imported
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = WEIMIN_METRICS_FOLDER
#: Free space of the disk with the files, in GiB (percent on a disk under 100 GiB): told of, convenience deleted, no
#: more files taken in. `warn=20;shed=8;stop=3`
WEIMIN_DISK = {"warn": 20.0, "shed": 8.0, "stop": 3.0} | {
    name: float(value) for name, value in _pairs("WEIMIN_DISK").items()
}
#: Our own log files, of which the oldest go first when the disk fills; none when empty.
WEIMIN_LOGS = os.environ.get("WEIMIN_LOGS", "")
#: Where the backup and drill scripts note when they succeeded.
WEIMIN_BACKUP_MARKER = os.environ.get("WEIMIN_BACKUP_MARKER", str(DATA / "backup.json"))
#: So many standbys must follow the database; fewer are told of. 0 where nothing takes over for it.
WEIMIN_STANDBYS = int(os.environ.get("WEIMIN_STANDBYS", "0"))
#: Certificates whose end is watched: files or host:port, separated by commas.
WEIMIN_CERTIFICATES = [one for one in os.environ.get("WEIMIN_CERTIFICATES", "").split(",") if one]
#: A program that gets the daily digest of failures on its input, for mail or a group chat; none when empty.
WEIMIN_DIGEST_COMMAND = os.environ.get("WEIMIN_DIGEST_COMMAND", "")
#: A request that takes longer gets a warning in the log.
WEIMIN_SLOW_MS = int(os.environ.get("WEIMIN_SLOW_MS", "2000"))
#: line: for people; json: one object a line, for a log collector.
WEIMIN_LOG_FORMAT = os.environ.get("WEIMIN_LOG_FORMAT", "line")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"traced": {"()": "weimin.base.tracing.Traced"}},
    "formatters": {
        "line": {
            "()": "weimin.base.scrubbing.ScrubbingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(trace)s %(message)s",
        },
        "json": {
            "()": "weimin.base.scrubbing.ScrubbingJsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(trace)s %(message)s",
            "json_ensure_ascii": False,
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": WEIMIN_LOG_FORMAT, "filters": ["traced"]}},
    # Django's own handlers would print or mail a request's fields unscrubbed
    "loggers": {"django": {"handlers": [], "propagate": True}},
    "root": {"handlers": ["console"], "level": os.environ.get("WEIMIN_LOG_LEVEL", "WARNING")},
}
