"""Kinds as people write them: each document compiles without an error, and the pure ones run to what is said."""

from __future__ import annotations

from typing import Any

import pytest

from flov7.engine.interpreter.prepare import prepare
from flov7.engine.runtimes.simulated import simulate
from flov7.language.diagnostics import Severity
from flov7.language.front import check_value
from flov7.primitives.registry import catalogue, registry

ORDERS = [
    {"sku": "tea", "price": 3, "country": "DE", "lines": ["a", "b"]},
    {"sku": "pot", "price": 40, "country": "FR", "lines": []},
]
PAYLOAD: dict[str, Any] = {
    "orders": ORDERS,
    "customers": [{"c": "DE", "n": "Germany"}],
    "order": {"id": 7, "total": 1500},
    "text": "a,b\n1,2\n",
}

PURE: list[tuple[str, dict[str, Any], Any]] = [
    (
        "data/mapping",
        {"mapping": {"order.id": "nr", "order.total + 1": "deep.total"}},
        {"nr": 7, "deep": {"total": 1501}},
    ),
    ("data/filter", {"config": {"items": "orders", "where": "item.price > order.total / 100"}}, [ORDERS[1]]),
    ("data/filter", {"config": {"items": "{{ orders }}", "where": "{{ index == 0 }}"}}, [ORDERS[0]]),
    (
        "data/transform",
        {
            "config": {
                "value": "{{ orders }}",
                "shape": "{'s': item.sku.upper(), 'n': index}",
                "sort_by": "item.n",
                "descending": True,
            }
        },
        [{"s": "POT", "n": 1}, {"s": "TEA", "n": 0}],
    ),
    (
        "data/transform",
        {"config": {"value": "{{ orders }}", "aggregate": {"total": {"op": "sum", "field": "price"}}}},
        {"total": 43},
    ),
    ("data/transform", {"config": {"value": "{{ text }}", "parse": "csv"}}, [{"a": "1", "b": "2"}]),
    (
        "data/merge",
        {"config": {"sources": ["{{ orders }}", "{{ customers }}"], "by": "key", "key": ["country", "c"]}},
        [{**ORDERS[0], "c": "DE", "n": "Germany"}],
    ),
    ("data/split", {"config": {"items": "orders", "size": 1}}, [[ORDERS[0]], [ORDERS[1]]]),
    (
        "data/validate",
        {"config": {"value": "order", "checks": {"item.total < 1000": "too dear"}, "on_failure": "report"}},
        {
            "valid": False,
            "problems": [{"where": "", "rule": "item.total < 1000", "message": "too dear"}],
            "value": {"id": 7, "total": 1500},
        },
    ),
    (
        "action/transform",
        {"config": {"operation": "date", "value": "{{ run.now }}", "output_format": "%Y-%m"}},
        "2026-01",
    ),
    (
        "condition/compare",
        {"left": "order.total", "op": ">", "right": "1000"},
        {"result": True, "left": 1500, "right": 1000},
    ),
    (
        "condition/regex",
        {"value": "orders[0].sku", "pattern": "t(.)a"},
        {"result": True, "text": "tea", "groups": ["e"], "named": {}},
    ),
    (
        "condition/json_path",
        {"value": "orders", "path": "$[?@.price > 10].sku"},
        {"result": True, "first": "pot", "values": ["pot"], "count": 1},
    ),
]

OUTSIDE: list[tuple[str, dict[str, Any]]] = [
    ("action/api_call", {"url": "https://shop.example/orders/{{ order.id }}"}),
    ("action/api_call", {"method": "POST", "url": "https://shop.example/orders", "json": {"order": "{{ order }}"}}),
    (
        "action/api_call",
        {
            "mode": "graphql",
            "url": "https://shop.example/g",
            "query": "query($id: ID!) {order(id:$id){total}}",
            "variables": {"id": "{{ order.id }}"},
        },
    ),
    (
        "action/api_call",
        {"mode": "soap", "url": "https://shop.example/s", "body": {"price": {"item": "{{ order.id }}"}}},
    ),
    ("action/email_send", {"to": "ann@example.com", "subject": "Order {{ order.id }}", "text": "Thank you."}),
    ("action/notification", {"channel": "webhook", "to": "https://chat.example/x", "text": "{{ order.id }}"}),
    ("action/wait", {"for": "approval", "timeout": "2d", "ask": "Ship {{ order.id }}?"}),
    ("action/wait", {"for": "time", "duration": "PT1H"}),
    ("data/enrich", {"from": "list", "items": "orders", "key": "item.country", "lookup": "customers", "match": "c"}),
    ("data/enrich", {"from": "http", "items": "orders", "key": "item.sku", "url": "https://shop.example/p/{key}"}),
]


def document(key: str, fields: dict[str, Any]) -> list[dict[str, Any]]:
    type_, _, kind = key.partition("/")
    return [{"type": type_, "kind": kind, "name": "it", **fields}]


def errors(found: Any) -> list[str]:
    return [f"{each.code} {each.where} {each.message}" for each in found.diagnostics if each.severity is Severity.ERROR]


class TestADocument:
    @pytest.mark.parametrize(("key", "fields", "output"), PURE, ids=[key for key, _, _ in PURE])
    def test_of_a_pure_kind_runs_to_its_output(self, key: str, fields: dict[str, Any], output: Any) -> None:
        checked = check_value(document(key, fields), catalogue())
        assert errors(checked) == []
        assert checked.plan is not None
        result = simulate(prepare(checked.plan, registry()), registry(), payload=PAYLOAD).result
        assert result is not None
        assert result.output == output

    @pytest.mark.parametrize(("key", "config"), OUTSIDE, ids=[key for key, _ in OUTSIDE])
    def test_of_a_kind_that_goes_outside_compiles(self, key: str, config: dict[str, Any]) -> None:
        checked = check_value(document(key, {"config": config}), catalogue())
        assert errors(checked) == []
        assert checked.plan is not None

    @pytest.mark.parametrize(
        ("key", "config", "said"),
        [
            ("action/api_call", {"url": "https://x.example", "methd": "GET"}, "methd"),
            ("action/api_call", {"method": "FETCH", "url": "https://x.example"}, "method"),
            ("action/wait", {"for": "time", "duration": "soon"}, "duration"),
            ("data/merge", {"sources": "orders"}, "sources"),
            ("data/filter", {"items": "orders"}, "where"),
            ("action/db_query", {"sql": ""}, "sql"),
            ("action/wait", {"for": "time"}, "needs `duration`"),
            ("action/wait", {"for": "answer"}, "needs `ask`"),
            ("action/api_call", {"mode": "graphql", "url": "https://x.example"}, "needs `query`"),
            ("action/api_call", {"mode": "soap", "url": "https://x.example"}, "needs `body`"),
            ("action/email_send", {"to": "a@b.c", "text": "x"}, "needs `subject`"),
            ("action/email_send", {"to": "a@b.c", "subject": "x"}, "needs `text`"),
            ("action/custom", {}, "needs `workflow`"),
            ("data/merge", {"sources": [], "by": "key"}, "needs `key`"),
            ("data/enrich", {"from": "http", "items": "orders", "key": "item"}, "needs `url`"),
            ("trigger/webhook", {"url": "/o", "auth": "token"}, "needs `secret`"),
            ("trigger/schedule", {"time_zone": "UTC"}, "needs `cron`"),
        ],
    )
    def test_with_a_mistake_in_its_config_is_told_where(self, key: str, config: dict[str, Any], said: str) -> None:
        hash_it = {
            "type": "action",
            "kind": "transform",
            "name": "below",
            "config": {"operation": "hash", "value": "x"},
        }
        found = errors(check_value([*document(key, {"config": config}), hash_it], catalogue()))
        assert any(said in each for each in found)
