"""Addresses that start workflows, and addresses by which the outside answers a run."""
