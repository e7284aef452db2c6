"""Data steps: pure reshaping, and looking things up."""
