"""The paper's experiments: Figures 1–4 and Table 1."""
