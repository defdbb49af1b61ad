"""Superset's settings; Superset loads this file because SUPERSET_CONFIG_PATH names it.

What differs per machine comes from the environment; what is the same everywhere stands here, with the reason. The
secret key and the database have no default on purpose: a stack without them must not start.
"""

import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask
from jinja2 import ChoiceLoader, FileSystemLoader
from superset.config import DISALLOWED_SQL_FUNCTIONS as STOCK_DISALLOWED
from superset.config import THEME_DEFAULT as STOCK_THEME

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:  # our own modules, also for the `superset` command, which runs from elsewhere
    sys.path.insert(0, str(HERE))

import chart_answers  # noqa: E402
import chart_requests  # noqa: E402
import data_version  # noqa: E402
import logins  # noqa: E402
import looks  # noqa: E402
import page_answers  # noqa: E402
import postgres_url  # noqa: E402
import remembered  # noqa: E402
import reports  # noqa: E402
import row_counts  # noqa: E402
import row_rules  # noqa: E402
import security  # noqa: E402
import shared_datasets  # noqa: E402
import straight_queries  # noqa: E402
import tenants  # noqa: E402
from event_log import ActionLog, answer_page_events, audit_changes  # noqa: E402
from log_retention import LogRetention  # noqa: E402

ENVIRONMENT = os.environ
VAR_DIR = HERE.parent / ENVIRONMENT.get("VAR_DIR", "var")

os.environ["TZ"] = data_version.TIME_ZONE
time.tzset()

# --- secrets and stores ---------------------------------------------------------------------------------------------
# Signs sessions and encrypts the stored database passwords: a new key makes those unreadable.
SECRET_KEY = ENVIRONMENT["SUPERSET_SECRET_KEY"]
# Signs the tokens of /api/v1/security/login. Its own key, for the data API has it too, to verify them.
JWT_SECRET_KEY = ENVIRONMENT["SUPERSET_JWT_KEY"]
SQLALCHEMY_DATABASE_URI = postgres_url.for_sqlalchemy(ENVIRONMENT["SUPERSET_DATABASE_URL"])
# One connection a thread (gunicorn.conf.py), one more while something shared is read. Superset tries each before it is
# used, so that nobody meets a Postgres that was restarted.
SQLALCHEMY_ENGINE_OPTIONS = {"pool_size": 4, "max_overflow": 4}
DATA_DIR = str(Path(ENVIRONMENT.get("SUPERSET_HOME") or VAR_DIR / "superset").resolve())

# --- caches ---------------------------------------------------------------------------------------------------------
REDIS_URL = ENVIRONMENT.get("REDIS_URL")


def cache(name: str, seconds: int) -> dict[str, Any]:
    """Flask-Caching's settings for one cache: files by default, which measured no slower than Redis on one machine."""
    shared = {"CACHE_DEFAULT_TIMEOUT": seconds, "CACHE_KEY_PREFIX": f"superset_{name}_"}
    if REDIS_URL:
        return shared | {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": REDIS_URL}
    return shared | {
        "CACHE_TYPE": "FileSystemCache",
        "CACHE_DIR": f"{DATA_DIR}/cache/{name}",
        "CACHE_THRESHOLD": 40_000,
    }


# Filter states and unsaved charts stay in the metadata database, Superset's default, which all workers share.
CACHE_CONFIG = cache("metadata", 300)
# Good for a day, for every answer is kept under the version of the data and the day that it is of (data_cache.py).
DATA_CACHE_CONFIG = cache("data", 86_400) | {
    "CACHE_TYPE": "data_cache.versioned",
    "WAREHOUSE_READER_URL": postgres_url.for_libpq(ENVIRONMENT["WAREHOUSE_READER_URL"]),
}


def FLASK_APP_MUTATOR(app: Flask) -> None:
    """Adds ours to Superset's application: what follows requests for data, our templates, the registry's pages."""
    from registry_pages.menu import add_pages  # needs the application

    remembered.install()
    row_rules.install()
    row_counts.install()
    straight_queries.install()
    shared_datasets.install()
    answer_page_events(app)
    chart_requests.follow(Path(DATA_DIR))(app)
    page_answers.follow(app)
    chart_answers.follow(app)
    audit_changes(app)
    app.jinja_loader = ChoiceLoader([FileSystemLoader(HERE / "templates"), app.jinja_loader])
    add_pages(app)


# --- the registry's pages -------------------------------------------------------------------------------------------
# The service that they ask; without the key they say what is missing.
REGISTRY_URL = ENVIRONMENT.get("REGISTRY_URL") or f"http://127.0.0.1:{ENVIRONMENT.get('REGISTRY_PORT') or 8001}"
REGISTRY_SERVICE_KEY = ENVIRONMENT.get("REGISTRY_SERVICE_KEY", "")
# Where the administrators' browsers find Dagster.
DAGSTER_PUBLIC_URL = (
    ENVIRONMENT.get("DAGSTER_PUBLIC_URL") or f"http://127.0.0.1:{ENVIRONMENT.get('DAGSTER_PORT') or 3000}"
)

# --- who sees what (docs/access.md) ---------------------------------------------------------------------------------
CUSTOM_SECURITY_MANAGER = security.SecurityManager
DB_CONNECTION_MUTATOR = tenants.as_whom
JINJA_CONTEXT_ADDONS = {"my_dealers": tenants.my_dealers_as_sql}
AUTH_USER_REGISTRATION = False
# Failed logins are counted by security.py, those of the API too, which this limiter does not see.
RATELIMIT_ENABLED = False
FAB_PASSWORD_COMPLEXITY_ENABLED = True
FAB_PASSWORD_COMPLEXITY_VALIDATOR = logins.check_password
# Of one's own queries in SQL Lab; the second half is ours. Nobody without SQL Lab sends SQL (security.py).
DISALLOWED_SQL_FUNCTIONS = STOCK_DISALLOWED | {"postgresql": STOCK_DISALLOWED["postgresql"] | {"set_config"}}

# --- features -------------------------------------------------------------------------------------------------------
FEATURE_FLAGS = {
    "DASHBOARD_RBAC": True,  # a dashboard is opened to roles, not to who may read its tables
    "ENABLE_TEMPLATE_PROCESSING": True,  # row level security names the current user
    "CHART_PLUGINS_EXPERIMENTAL": True,  # big numbers that compare with the period before
    "ALLOW_FULL_CSV_EXPORT": True,  # paged tables show a page at a time; an export is the whole list
    # Dashboards by e-mail are off where REDIS_URL or SMTP_HOST is not set, as with `make up` (docs/server.md).
    "ALERT_REPORTS": reports.are_on(ENVIRONMENT),
    "ALERT_REPORT_TABS": reports.are_on(ENVIRONMENT),  # else only a dashboard's first tab can be sent
    "PLAYWRIGHT_REPORTS_AND_THUMBNAILS": reports.are_on(ENVIRONMENT),  # the newer of two ways, the only one from 7.0
}
CELERY_CONFIG = None  # no worker: charts read prepared tables, and synchronous queries were the faster ones
globals().update(reports.settings(ENVIRONMENT, DATA_DIR))  # a worker for reports alone
EVENT_LOGGER = ActionLog(LogRetention(days=int(ENVIRONMENT.get("KEEP_LOGS_DAYS") or 90)))
LOG_LEVEL = "WARNING"
ALEMBIC_SKIP_LOG_CONFIG = True  # else a migration prints hundreds of lines at its own level
WELCOME_PAGE_LAST_TAB = "all"  # the default is a tab of examples, which are not loaded

# --- limits ---------------------------------------------------------------------------------------------------------
# Rows of a chart that names no limit of its own.
ROW_LIMIT = 10_000
# Paged tables count their rows up to these: lower, and a list of a million says it has 500,000.
SQL_MAX_ROW = 2_000_000
TABLE_VIZ_MAX_ROW_SERVER = 2_000_000
# Postgres ends a statement after 60 s (assets/databases), so waiting longer in the browser or in SQL Lab is of no use.
SUPERSET_WEBSERVER_TIMEOUT = 65
SQLLAB_TIMEOUT = 60

# --- web ------------------------------------------------------------------------------------------------------------
# Behind a TLS-ending proxy its X-Forwarded-* headers are believed and cookies travel over TLS only.
BEHIND_TLS_PROXY = ENVIRONMENT.get("SUPERSET_BEHIND_TLS_PROXY") == "1"
ENABLE_PROXY_FIX = BEHIND_TLS_PROXY
# Cookies ignore the port: `session` may belong to another service of this host.
SESSION_COOKIE_NAME = "dealer_dashboard"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = BEHIND_TLS_PROXY
PERMANENT_SESSION_LIFETIME = timedelta(hours=12)
WTF_CSRF_ENABLED = True
ENABLE_CORS = False  # the default answers to map servers
# Nothing from outside: sites may have no way out, and a telemetry pixel in Superset's pages cannot be switched off.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,  # the proxy's task
    "session_cookie_secure": BEHIND_TLS_PROXY,
}

# --- looks ----------------------------------------------------------------------------------------------------------
APP_NAME = looks.NAME
APP_ICON = "/brand/logo.svg"
FAVICONS = [{"href": "/brand/icon.svg"}]
BLUEPRINTS = [Blueprint("brand", __name__, static_folder=str(HERE / "brand"), static_url_path="/brand")]
FAB_INDEX_VIEW = "home.HomeIndexView"
THEME_DEFAULT, THEME_DARK = looks.themes(STOCK_THEME)
THEME_FONT_URL_ALLOWED_DOMAINS: list[str] = []
ENABLE_UI_THEME_ADMINISTRATION = False  # looks are code too
EXTRA_CATEGORICAL_COLOR_SCHEMES = looks.COLOUR_SCHEMES
EXTRA_SEQUENTIAL_COLOR_SCHEMES = looks.SEQUENTIAL_SCHEMES
D3_FORMAT = looks.NUMBERS
CURRENCIES = ["IDR"]
