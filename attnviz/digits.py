"""Digits: a number that bounds others is rounded away from them, a chosen one not at all.

Rounding starts from the shortest decimal that is the number (its `repr`), so a bound that is
read back is never on the wrong side, and 1e-4 stays 1e-4.
"""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import isfinite


def printed(value: float, decimals: int) -> str:
    """A number with a true minus sign, and never minus zero."""
    text = f"{value:.{decimals}f}".replace("inf", "∞")
    if isfinite(value) and float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def at_most(value: float, decimals: int) -> str:
    """The least number of so many decimals that `value` does not pass."""
    return _rounded(value, decimals, ROUND_CEILING)


def at_least(value: float, decimals: int) -> str:
    """The largest number of so many decimals that `value` reaches."""
    return _rounded(value, decimals, ROUND_FLOOR)


def error_at_most(error: float) -> str:
    """An error of rounding with one digit, rounded up: 2.1e-07 is 3e-07."""
    exact = abs(_decimal(error))
    if not exact:
        return "0"
    return f"{float(exact.quantize(Decimal(1).scaleb(exact.adjusted()), ROUND_CEILING)):.0e}"


def equals(terms: Sequence[str], total: str) -> str:
    """The sign between summands and their sum as they are printed: ≈ where digits do not add up."""
    added = sum((read(term) for term in terms), Decimal(0))
    return "=" if added == read(total) else "≈"


def exact(value: float) -> str:
    """A number that somebody chose, such as a threshold, with all its digits and no more."""
    return f"{_decimal(value).normalize():f}"


def exact_percent(share: float) -> str:
    """A share that somebody chose, as a percentage with all its digits."""
    return f"{(100 * _decimal(share)).normalize():f} %"


def _decimal(value: float) -> Decimal:
    return Decimal(repr(float(value)))


def read(text: str) -> Decimal:
    """A printed number, exactly."""
    return Decimal(text.replace("−", "-"))


def _rounded(value: float, decimals: int, how: str) -> str:
    step = Decimal(1).scaleb(-decimals)
    return printed(float(_decimal(value).quantize(step, how)), decimals)
