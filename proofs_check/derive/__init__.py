"""The command ``derive-theorem``: derivations as documents, and the graph of what builds on what."""
