"""Numbers as text, also one that was not measured, or rounded so that they differ from a threshold."""


def rounded_apart(value: float, threshold: float) -> str:
    """The value with the fewest decimals (at least 3) that make it different from the threshold."""
    for decimals in range(3, 17):
        text = f"{value:.{decimals}f}"
        if value == threshold or float(text) != threshold:
            return text
    return repr(value)


def two_decimals(threshold: float) -> str:
    """The threshold with at least two decimals: `0.70`, `0.725`."""
    return f"{threshold:.2f}" if round(threshold, 2) == threshold else f"{threshold:g}"


def four_decimals(value: float | None) -> str:
    """The value with four decimals; `not measured` for None."""
    return "not measured" if value is None else f"{value:.4f}"


def count(value: int | None) -> str:
    """A count in groups of three; a dash for None."""
    return "-" if value is None else f"{value:,}"


def figure(value: float | None, decimals: int = 3) -> str:
    """A number to so many decimals; a dash for None."""
    return "-" if value is None else f"{value:.{decimals}f}"


def signed(value: float) -> str:
    """A difference with its sign and three decimals; `0.000` when it rounds to zero."""
    text = f"{value:+.3f}"
    return "0.000" if float(text) == 0 else text


def percent(share: float | None) -> str:
    """A share in percent with one decimal; a dash for None."""
    return "-" if share is None else f"{share:.1%}"
