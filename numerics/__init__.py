"""Random and floating mathematics: it simulates and measures, and knows none of theory's formulas.

- Linear networks: ``gaussian_matrix``, ``lazy_matrix``, ``linear_rnn``, ``tangent_kernel``,
  ``kernel_ensemble``, ``memory``.
- Gaussian recursions (68) as data: ``expression``, ``laws``, ``recursion``, ``lipschitz``; simulated:
  ``conditioning``, ``query_columns``, ``row_blocks``, ``gaussian_recursion``, ``dense_recursion``,
  ``recursion_sample``, ``recursion_ensemble``.
- Their state evolution (72): ``structure``, ``quadrature`` with ``tensor_rule``, ``iterated_rule`` and
  ``quasi_monte_carlo``, ``expectations``, ``predictors``, ``state_evolution``; (32): ``wasserstein``.
- Given linear networks: ``realization``, from an impulse response to an RNN (Proposition 2.1).
- Gradient descent (Theorem 4.1): ``training``, of RNNs with dense or lazy weights, convolutions, the linear NTK model.
- What is learned: ``experiments``, the recording and the synthetic tasks of the paper's figures.
- For all of them: ``ensembles``, ``threads``, ``workers``, ``statistics``, ``extrapolation``;
  ``strategies`` to test laws with.
"""
