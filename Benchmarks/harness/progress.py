"""Says on standard error what is going on, on one line that changes where that is a terminal."""

from __future__ import annotations

import sys
import time

_begun = time.monotonic()
_pending = False


def step(text: str) -> None:
    """A step that will soon be followed by another: shown on a terminal only."""
    global _pending
    if sys.stderr.isatty():
        print(f"\r\033[K{_clock()} {text}", end="", file=sys.stderr, flush=True)
        _pending = True


def say(text: str) -> None:
    """A line that stays."""
    global _pending
    print(("\r\033[K" if _pending else "") + f"{_clock()} {text}", file=sys.stderr, flush=True)
    _pending = False


def _clock() -> str:
    seconds = int(time.monotonic() - _begun)
    return f"[{seconds // 60:02d}:{seconds % 60:02d}]"
