"""The search for counterexamples: random examples of growing size, and the smallest one that contradicts.

A ``Law`` says what must hold of every example. Hypothesis draws examples, runs the law literally on
each, and makes the first one that contradicts it as small as it can. That none contradicts is no
proof: it says how hard one has looked, so the number of examples and their sizes are reported.

``law`` has the laws and what a search found, ``engine`` makes Hypothesis search for them,
``evidence`` puts searches into words, and ``statement`` makes a theorem of laws and of mistakes
that the same search must notice.
"""
