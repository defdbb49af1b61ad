"""`python -m dictionary` writes every file that repeats dbt's descriptions; `--check` says which are out of date."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from dictionary.datasets import datasets_of_gone_marts, write_datasets
from dictionary.exposures import write_exposures
from dictionary.marts import DictionaryError, Mart, read_marts
from dictionary.metrics_page import write_metrics_page
from dictionary.table_pages import write_table_pages

Writer = Callable[[Mapping[str, Mart]], dict[Path, str]]
# Each returns whole files: path -> text.
WRITERS: tuple[Writer, ...] = (write_metrics_page, write_datasets, write_exposures, write_table_pages)


def out_of_date() -> dict[Path, str]:
    """The files that are not as dbt's YAML has them, with the text that they should have."""
    marts = read_marts()
    files = {path: text for writer in WRITERS for path, text in writer(marts).items()}
    return {path: text for path, text in files.items() if not path.exists() or path.read_text() != text}


def main(arguments: list[str] | None = None) -> int:
    """Writes what is out of date; with `--check` lists it and returns 1. Returns 2 when dbt's YAML does not hold."""
    parser = argparse.ArgumentParser(prog="python -m dictionary", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is out of date")
    options = parser.parse_args(arguments)
    try:
        files, gone = out_of_date(), datasets_of_gone_marts(read_marts())
    except DictionaryError as error:
        print(error, file=sys.stderr)
        return 2
    for path, text in files.items():
        if options.check:
            print(f"{path}: out of date, run make dictionary", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(path)
    for path in gone:
        if options.check:
            print(f"{path}: its mart is gone, run make dictionary", file=sys.stderr)
        else:
            path.unlink()
            print(f"{path} removed")
    return 1 if options.check and (files or gone) else 0


if __name__ == "__main__":
    sys.exit(main())
