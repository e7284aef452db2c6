"""Everything on this machine: the embedded backing services, and all of Flov7 beside them."""
