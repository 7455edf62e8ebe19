"""Pure decisions of log-ins: limits, devices in words, one-time passwords."""

from weimin.kernel.accounts.rules.breached import is_breached, looks_sorted
from weimin.kernel.accounts.rules.devices import device_words, open_devices, seal_devices, seen_words
from weimin.kernel.accounts.rules.onetime import find_step
from weimin.kernel.accounts.rules.rates import LIMITS, parse_rates, wait_words

__all__ = [
    "LIMITS",
    "device_words",
    "find_step",
    "is_breached",
    "looks_sorted",
    "open_devices",
    "parse_rates",
    "seal_devices",
    "seen_words",
    "wait_words",
]
