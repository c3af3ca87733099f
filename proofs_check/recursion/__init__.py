"""Lemma C.1 for anybody's recursion: read it, derive its state evolution, simulate it, confront the two."""
