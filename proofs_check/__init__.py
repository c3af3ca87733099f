"""Where theory and numerics meet: each statement is derived, simulated, attacked, and judged."""

__version__ = "0.1.0"
