"""How short the memory of a linear RNN is, why, and what to change: ρ_j as a tool."""
