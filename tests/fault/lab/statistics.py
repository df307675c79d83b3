"""Percentiles and how they are written."""
MS = 1_000_000


def percentile(values, share):
    """The nearest rank: the least value that is not below `share` of all."""
    ordered = sorted(values)
    rank = -(-len(ordered) * share // 1)
    return ordered[max(0, min(len(ordered) - 1, int(rank) - 1))]


def span(nanos):
    """A time for people: 1.23 ms, 45 ms, 6.7 s."""
    ms = nanos / MS
    if abs(ms) < 10:
        return f"{ms:.2f} ms"
    if abs(ms) < 10_000:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s"


def three(values):
    """p50 / p99 / max"""
    if not values:
        return "-"
    return " / ".join(span(v) for v in (percentile(values, 0.50), percentile(values, 0.99), max(values)))
