"""How fast Flov7 is, as ratios measured side by side in one run. `make bench` runs all of them."""
