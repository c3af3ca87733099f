"""The statements of "Implicit Bias of Linear RNNs" (Emami et al., ICML 2021)."""
