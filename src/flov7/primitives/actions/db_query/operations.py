"""The effect classes of the operations of stores without SQL, by name; equal names mean alike in all of them."""

from __future__ import annotations

from flov7.language.effects import Effect, EffectRule
from flov7.primitives.actions.db_query import elasticsearch, mongodb, redis, supabase

EFFECTS: dict[str, EffectRule] = {
    **dict.fromkeys(redis.ADDS, Effect.WRITE),
    **dict.fromkeys(redis.REPEATABLE, Effect.IDEMPOTENT),
    **dict.fromkeys(redis.TAKES_AWAY, Effect.IRREVERSIBLE),
    **dict.fromkeys(sorted(redis.READS | mongodb.READS | elasticsearch.READS | supabase.READS), Effect.READ),
    "replace_one": Effect.IDEMPOTENT,
    "upsert": Effect.IDEMPOTENT,
    **dict.fromkeys(("delete_one", "delete_many", "delete"), Effect.IRREVERSIBLE),
}
"""What is not here is a `write`: `insert_one`, `update_many`, `index` …"""
