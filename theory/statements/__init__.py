"""The paper's statements, one module each: every one derives its formula from its hypotheses."""
