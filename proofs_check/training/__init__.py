"""Training: linear RNNs, their linear NTK model and convolutions, by gradient descent on the same data."""
