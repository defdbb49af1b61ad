"""What the person sees while the stack comes up: a line per finished step, spinners for those under way."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Steps:
    """Reports steps, also those that run at the same time in several threads.

    On a terminal each step under way has a spinner; elsewhere it has a line when it starts. Both print a line with the
    seconds it took when it is done.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.started = time.monotonic()
        self._lock = threading.RLock()
        self._held: list[str] | None = None
        self._live = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=self.console, transient=True
        )

    def say(self, line: str) -> None:
        """Print a line, later if another program has the terminal just now."""
        with self._lock:
            if self._held is not None:
                self._held.append(line)
            else:
                self.console.print(line, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Report what happens inside as one step."""
        begun = time.monotonic()
        if not self.console.is_terminal:
            self.say(f"  {self.elapsed():6.1f} s  {name} ...")
        task = self._live.add_task(name)
        try:
            yield
        finally:
            self._live.remove_task(task)
        self.say(f"  {self.elapsed():6.1f} s  {name}: done in {time.monotonic() - begun:.1f} s")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Show the spinners of the steps inside."""
        if not self.console.is_terminal:
            yield
            return
        with self._live:
            yield

    @contextmanager
    def terminal_for_another(self) -> Iterator[None]:
        """Leave the terminal to a program that shows its own progress; lines said meanwhile follow after it."""
        with self._lock:
            if self.console.is_terminal:
                self._live.stop()
            self._held = []
        try:
            yield
        finally:
            with self._lock:
                held, self._held = self._held or [], None
                for line in held:
                    self.say(line)
                if self.console.is_terminal:
                    self._live.start()

    def elapsed(self) -> float:
        """Seconds since the first step could begin."""
        return time.monotonic() - self.started
