"""Logging in: how good a password must be, and how often one may be tried.

Failures are counted by name and address together, so that nobody locks another person out, and by address alone. Behind
a proxy the address is the person's (BEHIND_TLS_PROXY). In Redis where there is one; else each worker counts for itself.
"""

import os

from flask import request
from flask_appbuilder.exceptions import PasswordComplexityValidationError
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

SHORTEST = 12
FEWEST_DIFFERENT = 5
FAILURES_OF_A_NAME = parse("10 per 15 minutes")
FAILURES_OF_AN_ADDRESS = parse("100 per 15 minutes")


def check_password(password: str) -> None:
    """Long rather than odd. Raises PasswordComplexityValidationError."""
    if len(password) < SHORTEST or len(set(password)) < FEWEST_DIFFERENT:
        raise PasswordComplexityValidationError(
            f"At least {SHORTEST} characters, {FEWEST_DIFFERENT} of them different: four words do well"
        )


class Attempts:
    """Counts failed logins."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(storage_from_string(os.environ.get("REDIS_URL") or "memory://"))

    def are_too_many(self, name: str) -> bool:
        """Whether the password is not even looked at, for too many have failed."""
        return not all(self._limiter.test(limit, *key) for limit, key in self._counted(name))

    def failed(self, name: str) -> None:
        """Counts one more."""
        for limit, key in self._counted(name):
            self._limiter.hit(limit, *key)

    @staticmethod
    def _counted(name: str) -> tuple[tuple[RateLimitItem, tuple[str, ...]], ...]:
        address = request.remote_addr or ""
        return (FAILURES_OF_A_NAME, ("name", name.lower(), address)), (FAILURES_OF_AN_ADDRESS, ("address", address))
