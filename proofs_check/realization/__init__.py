"""Proposition 2.1 as it is checked: derived, worked out, and searched for counterexamples."""
