"""Who watches a pull beside the run's log: nobody in Dagster's own processes, a terminal in `dealers pull`."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dlt_sources.dgi.shares import CallEnded
from orchestration.pull.asked import Pulled


class Watcher:
    """Hears how a pull goes. This one does nothing with it."""

    def call_ended(self, ended: int, of: int, call: CallEnded) -> None:
        """A call ended, `ended` of `of` planned so far."""

    def pull_ended(self, pulled: Pulled) -> None:
        """Everything asked for has its verdict, and Dagster knows."""


class TerminalWatcher(Watcher):
    """Shows a progress bar on a terminal, and a line now and then where there is none."""

    _LINES = 20

    def __init__(self, console: Console) -> None:
        self._console = console
        self._documents = self._failed = 0
        self._bar = Progress(
            TextColumn("[progress.description]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("calls, {task.fields[documents]:,} documents, {task.fields[failed]:,} failed"),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = self._bar.add_task("pulling", total=None, documents=0, failed=0)
        self.pulled: Pulled | None = None

    def call_ended(self, ended: int, of: int, call: CallEnded) -> None:
        """Move the bar."""
        self._documents += call.documents
        self._failed += not call.has_arrived
        if self._console.is_terminal:
            if ended == 1:
                self._bar.start()
            self._bar.update(self._task, completed=ended, total=of, documents=self._documents, failed=self._failed)
            if ended == of:
                self._bar.stop()
        elif ended == of or ended % max(1, of // self._LINES) == 0:
            self._console.print(f"{ended:,} of {of:,} calls, {self._documents:,} documents, {self._failed:,} failed")

    def pull_ended(self, pulled: Pulled) -> None:
        """Keep the verdicts for the caller."""
        self._bar.stop()
        self.pulled = pulled
