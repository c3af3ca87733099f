"""Statements that are derived, and worked out exactly at random small sizes."""
