"""The parts of bench/run: what it starts, and one module for each kind of figure."""
