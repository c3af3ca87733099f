"""Exact mathematics: integers, rationals and symbols; nothing random, nothing floating.

What is derived here is confronted in ``proofs_check`` with what ``numerics`` measures. The two
rooms never import each other, so their agreement is evidence.
"""
