"""Dashboards by e-mail, at set times: Superset's alerts and reports.

Off, as with `make up`: no menu entry, no worker. On where REDIS_URL and SMTP_HOST are set, as docker-compose.yml does
(docs/server.md): a Celery beat asks every minute which reports are due, a worker opens the dashboard in a headless
Chromium and sends the picture.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from celery.schedules import crontab
from superset.tasks.types import ExecutorType

SECONDS_FOR_A_REPORT = 600
# After a long stop the worker looks once, not for every minute of it. Superset computes the minute that is looked at
# from both places where this stands: were they to differ, reports would come at the wrong time.
CLOCK_EXPIRES = timedelta(minutes=10)


def are_on(environment: Mapping[str, str]) -> bool:
    """Whether this stack can queue reports and send them."""
    return bool(environment.get("REDIS_URL") and environment.get("SMTP_HOST"))


def settings(environment: Mapping[str, str], folder: str) -> dict[str, Any]:
    """Superset's settings for reports, {} where they are off; `folder` is for the beat's clock."""
    if not are_on(environment):
        return {}
    return _queue(environment["REDIS_URL"], folder) | _mail(environment) | _pictures(environment)


def _queue(redis_url: str, folder: str) -> dict[str, Any]:
    return {
        "CELERY_BEAT_SCHEDULER_EXPIRES": CLOCK_EXPIRES,
        # Read in one place only: without it every task ends with the trace of a session that is closed twice.
        "CELERY_ALWAYS_EAGER": True,
        "CELERY_CONFIG": {
            "broker_url": redis_url,
            "broker_connection_retry_on_startup": True,
            "imports": ("superset.tasks.scheduler",),
            "task_ignore_result": True,
            "worker_prefetch_multiplier": 1,
            "worker_max_tasks_per_child": 50,  # what a browser leaves behind goes with the process
            "beat_schedule_filename": f"{folder}/celerybeat-schedule",
            "beat_schedule": {
                "reports.scheduler": {
                    "task": "reports.scheduler",
                    "schedule": crontab(),
                    "options": {"expires": int(CLOCK_EXPIRES.total_seconds())},
                },
                "reports.prune_log": {"task": "reports.prune_log", "schedule": crontab(minute="0", hour="0")},
            },
        },
    }


def _mail(environment: Mapping[str, str]) -> dict[str, Any]:
    """The mail server: by STARTTLS, its certificate checked, unless SMTP_SECURITY says `tls` or `none`."""
    security = environment.get("SMTP_SECURITY") or "starttls"
    if security not in ("starttls", "tls", "none"):
        raise ValueError("SMTP_SECURITY is one of starttls, tls and none")
    return {
        "SMTP_HOST": environment["SMTP_HOST"],
        "SMTP_PORT": int(environment.get("SMTP_PORT") or {"starttls": 587, "tls": 465, "none": 25}[security]),
        "SMTP_STARTTLS": security == "starttls",
        "SMTP_SSL": security == "tls",
        "SMTP_SSL_SERVER_AUTH": security != "none",
        "SMTP_USER": environment.get("SMTP_USER", ""),
        "SMTP_PASSWORD": environment.get("SMTP_PASSWORD", ""),
        "SMTP_MAIL_FROM": environment.get("SMTP_MAIL_FROM") or f"dashboards@{environment['SMTP_HOST']}",
        "EMAIL_REPORTS_SUBJECT_PREFIX": "",
        "EMAIL_REPORTS_CTA": "Open the dashboard",
        # A report shows what its owner may see, row level security included: nobody mails more than that.
        "ALERT_REPORTS_EXECUTORS": [ExecutorType.OWNER],
        "ALERT_REPORTS_DEFAULT_WORKING_TIMEOUT": SECONDS_FOR_A_REPORT,
    }


def _pictures(environment: Mapping[str, str]) -> dict[str, Any]:
    """The headless browser: where it finds Superset, and where the people find it."""
    inside = environment.get("SUPERSET_INTERNAL_URL") or f"http://127.0.0.1:{environment.get('SUPERSET_PORT', '8088')}/"
    return {
        "WEBDRIVER_BASEURL": inside,
        "WEBDRIVER_BASEURL_USER_FRIENDLY": environment.get("SUPERSET_PUBLIC_URL") or inside,
        # The least height of a picture; one of a longer dashboard is longer.
        "WEBDRIVER_WINDOW": {"dashboard": (1600, 1000), "slice": (1600, 900), "pixel_density": 1},
        "WEBDRIVER_OPTION_ARGS": [
            # Its sandbox needs rights that a container has not; it opens our own pages only.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
        ],
    }
