"""Loads one answer of a stand-in and prints, as JSON, the most memory that it took (MB) and the documents loaded.

Arguments: the warehouse, the server.
"""

import json
import sys

from asking import DEALER, own_call

from benchmarks.memory import peak_mb
from dlt_sources.dgi.fetching import Fetcher
from dlt_sources.dgi.loading import load


def main() -> None:
    call = own_call(sys.argv[2], attempts=1, answer_timeout=120)
    (loaded,) = load(Fetcher([call], {"OWN": frozenset([DEALER])}), sys.argv[1]).calls
    print(json.dumps([round(peak_mb()), loaded.added]))


if __name__ == "__main__":
    main()
