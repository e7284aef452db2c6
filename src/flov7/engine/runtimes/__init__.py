"""The ways to run a plan: `temporal`, `express`, `simulated`."""
