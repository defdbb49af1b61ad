"""Loads one answer of a stand-in and prints, as JSON, the most memory that it took (MB) and the documents loaded.

Arguments: the warehouse, the server.
"""

import json
import resource
import sys

from asking import DEALER, own_call

from dlt_sources.dgi.fetching import Fetcher
from dlt_sources.dgi.loading import load


def main() -> None:
    call = own_call(sys.argv[2], attempts=1, answer_timeout=120)
    (loaded,) = load(Fetcher([call], {"OWN": frozenset([DEALER])}), sys.argv[1]).calls
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(json.dumps([peak, loaded.added]))


if __name__ == "__main__":
    main()
