"""FLOW-BENCH: sentences and edits over a catalogue of operations, against known sequences.

Source: IBM/flow-bench, Apache-2.0; paper: FLOW-BENCH, EMNLP industry track 2025.
"""
