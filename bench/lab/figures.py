"""What is made of rounds: medians are taken by the caller, spreads and percentiles here."""
import statistics


def quartiles(values):
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def spread(values, form="{:.3f}"):
    low, high = quartiles(values)
    return f"{form.format(low)} - {form.format(high)}, {len(values)} rounds"


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
