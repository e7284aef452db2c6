"""Everything that is Redis (or Valkey): live events across processes, and answers kept for a while.

Nothing here is the only copy of anything. With Redis away each call raises `CacheDown` within a fraction of a
second, and callers go to the store instead.
"""
