"""The people who work at a dealer, as Honda IDs of six digits."""

from sandbox.fleet import Dealer

_PER_DEALER = 40
_SALES, _DRIVERS, _ADVISORS, _MECHANICS = 0, 15, 20, 25


def _member(dealer: Dealer, role: int, team: int, draw: float) -> str:
    return str(200_000 + dealer.number * _PER_DEALER + role + int(draw * team))


def sales_person(dealer: Dealer, draw: float) -> str:
    """Who looks after a prospect; some are busier than others."""
    return _member(dealer, _SALES, 3 + round(dealer.size * 4), draw**1.3)


def driver(dealer: Dealer, draw: float) -> str:
    """Who delivers."""
    return _member(dealer, _DRIVERS, 1 + round(dealer.size), draw)


def service_advisor(dealer: Dealer, draw: float) -> str:
    """Who receives a motorcycle at the workshop."""
    return _member(dealer, _ADVISORS, 1 + round(dealer.size), draw)


def mechanic(dealer: Dealer, draw: float) -> str:
    """Who works on it."""
    return _member(dealer, _MECHANICS, 2 + round(dealer.size * 3), draw)
