"""Random and floating mathematics: it simulates and measures, and knows none of theory's formulas."""
