"""What holds for every test."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """A shell has its background jobs ignore interrupts, and they hand that on to whatever a test interrupts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
