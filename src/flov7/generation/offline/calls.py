"""Fills the settings of steps that ask or tell another system: services, databases, other workflows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flov7.generation.draft import Sort
from flov7.generation.offline import lexicon
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.filling import Filled, Wish
from flov7.generation.offline.places import data_address, outside
from flov7.generation.offline.slots import noun_phrase, plural
from flov7.generation.offline.words import Word, closed, find, inside, lows, said, snake

_METHODS = {
    "get": "GET", "fetch": "GET", "read": "GET", "download": "GET", "load": "GET", "pull": "GET", "retrieve": "GET",
    "check": "GET", "look": "GET", "query": "GET", "find": "GET", "search": "GET", "poll": "GET", "request": "GET",
    "list": "GET", "open": "GET", "scan": "GET", "monitor": "GET", "obtain": "GET",
    "put": "PUT", "update": "PUT", "set": "PUT", "sync": "PUT", "upsert": "PUT", "change": "PATCH", "patch": "PATCH",
    "delete": "DELETE", "remove": "DELETE",
}  # fmt: skip
_WRITES = closed(
    "post send push create submit add upload publish register charge refund trigger invoke notify report "
    "issue book ship cancel provision pay insert save store write open assign forward generate"
)
_PLACES = ("in", "to", "from", "into", "on", "with", "at", "via", "through")
_LOOKS = ("call", "hit", "ping", "visit", "use", "run", "ask", "go")
_INSERTS = ("save", "store", "insert", "add", "write", "record", "log", "archive", "create", "put")
_ENGINES = {"postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite",
            "mssql": "mssql", "sqlserver": "mssql"}  # fmt: skip
_DATABASE = frozenset(["database", "table", "db", "sql", *_ENGINES])


def api_call(wish: Wish, desk: Desk) -> Filled:
    """An HTTP call: method, address, body."""
    words = wish.words
    url = next((word.text for word in words if word.sort in ("url", "path")), None)
    spoken = next((word.low.upper() for word in words if word.text in ("GET", "POST", "PUT", "PATCH", "DELETE")), None)
    verb = words[0].low
    body = wish.scope.whole
    method = spoken or _METHODS.get(verb) or ("POST" if verb in _WRITES else "")
    if not method:
        method = "POST" if body and verb not in _LOOKS else "GET"
    noun = _thing(words) or (_last_part(url) if url else None)
    fields: dict[str, Any] = {}
    if url is None and method == "GET" and (found := data_address(words, wish.scope)):
        url = f"{{{{ {found} }}}}"
    if url is None and (given := desk.answers.get(f"{wish.name}.url")):
        url = given
    if url is None:
        url, fields = "", {"connection": outside(words, desk, noun=noun)}
        desk.note(
            f"The connection `{fields['connection']}` holds the address that `{wish.name}` calls, and its key.",
            weight=0.02,
        )
    config: dict[str, Any] = {"method": method, "url": url}
    if method in ("POST", "PUT", "PATCH") and body:
        config["json"] = f"{{{{ {wish.scope.path(_sent(words)) or body} }}}}"
    return Filled(config, fields, noun=noun, result="body")


def db_query(wish: Wish, desk: Desk) -> Filled:
    """One SQL statement, said or put together for a table that is named."""
    words = wish.words
    quoted = next((inside(w) for w in words if w.sort in ("quoted", "code") and re.match(r"\w+\s", inside(w))), None)
    connection = desk.connect(_database(words), service=_engine(words), credentials="password")
    noun = _thing(words) or wish.scope.noun
    if quoted:
        return Filled({"sql": quoted}, {"connection": connection}, noun=noun, result="rows")
    table = table_of(words) or plural(noun or "rows")
    sql, params = _statement(wish, table)
    asked = f"Which SQL shall `{wish.name}` run ({said(words)})?"
    loses = sql.startswith("delete") and table_of(words) is None  # what is gone is gone: no guess at a table
    given = desk.ask(f"{wish.name}.sql", asked, [sql], weight=0.12, sort=Sort.OPEN if loses else Sort.ASSUMED)
    config: dict[str, Any] = {"sql": given}
    if params and "$1" in given:
        config["params"] = params
    return Filled(config, {"connection": connection}, noun=noun, result="rows")


def custom(wish: Wish, desk: Desk) -> Filled:
    """Another workflow of the workspace."""
    words = wish.words
    at = find(words, "workflow", "workflows", "sub-workflow", "process", "flow", "subworkflow")
    named: list[Word] = []
    if at is not None:
        around = [*words[at[1] : at[1] + 2]]
        quoted = next((one for one in [*around, *words[1 : at[0]]] if one.sort in ("quoted", "code")), None)
        if quoted is not None:
            named = [quoted]
        else:
            named = noun_phrase([word for word in words[1 : at[0]] if word.low not in ("called", "named")])
            if not named and at[1] < len(words) and words[at[1]].low not in lexicon.PREPOSITIONS:
                named = noun_phrase([w for w in words[at[1] :] if w.low not in ("called", "named")])[:2]
    name = snake(inside(named[0])) if named and named[0].sort in ("quoted", "code") else snake(named) if named else ""
    if not name:
        name = snake(desk.ask(f"{wish.name}.workflow", "Which workflow shall run?", ["other_workflow"]))
    config: dict[str, Any] = {"workflow": name}
    if wish.scope.whole:
        key = wish.scope.noun
        config["inputs"] = {key: f"{{{{ {wish.scope.whole} }}}}"} if key else f"{{{{ {wish.scope.whole} }}}}"
    return Filled(config, noun=name)


def speaks_of_database(words: Sequence[Word]) -> bool:
    """Whether a database, a table or SQL is named."""
    if find(words, "as a table", "as table"):
        return False
    if any(word.low in _DATABASE for word in words):
        return True
    return any(
        word.sort in ("quoted", "code") and re.match(r"(select|insert|update|delete|with)\s", inside(word), re.I)
        for word in words
    )


def _sent(words: Sequence[Word]) -> list[Word]:
    """What is sent along: `post the invoice to …`."""
    taken: list[Word] = []
    for word in words[1:]:
        if word.sort != "word" or word.low in _PLACES:
            break
        taken.append(word)
    return taken if taken and taken[0].low in lexicon.DETERMINERS | lexicon.PRONOUNS else []


def _thing(words: Sequence[Word]) -> str | None:
    """The noun that is asked for: `fetch the weather from …` gives `weather`."""
    taken: list[Word] = []
    for word in words[1:]:
        if word.sort != "word" or word.low in (
            *_PLACES,
            "for",
            "of",
            "as",
            "by",
            "about",
            "up",
            "and",
            "that",
            "using",
            "without",
            "per",
            "where",
            "whose",
        ):
            if taken or word.low not in ("up", "for"):
                break
            continue
        if word.low not in lexicon.DETERMINERS | lexicon.PRONOUNS | {"latest", "current", "today", "'s", "following"}:
            taken.append(word)
    name = snake(taken[:3]) if taken else ""
    return None if not name or name in ("api", "service", "url", "endpoint", "post") else name


def _last_part(url: str) -> str | None:
    """What an address is about: `https://…/v1/contacts` gives `contacts`."""
    parts = [one for one in re.split(r"[/?#]", url.partition("://")[2] or url)[1:] if one.isalpha()]
    return snake(parts[-1]) if parts else None


def _engine(words: Sequence[Word]) -> str:
    """The engine that is named; Postgres where none is."""
    return next((_ENGINES[word.low] for word in words if word.low in _ENGINES), "postgres")


def _database(words: Sequence[Word]) -> str:
    at = find(words, "database", "db")
    before = noun_phrase(words[max(0, at[0] - 1) : at[0]]) if at else []
    before = [word for word in before if word.low not in _ENGINES]
    kept = [word for word in before if word.low not in lexicon.PREPOSITIONS and word.low not in lexicon.VERBS]
    return snake([*kept, *words[at[0] : at[1]]]) if at and kept else "database"


def table_of(words: Sequence[Word]) -> str | None:
    """The table that is named: `the table users`, `the users table`."""
    at = find(words, "table")
    if at is None:
        return None
    after = words[at[1] : at[1] + 1]
    if after and after[0].sort in ("quoted", "code"):
        return snake(inside(after[0]))
    before = noun_phrase(words[max(0, at[0] - 2) : at[0]])
    kept = [w for w in before if w.low not in lexicon.PREPOSITIONS and w.low not in lexicon.VERBS]
    if kept:
        return snake(kept)
    return (
        snake(after)
        if after and after[0].sort in ("word", "path") and after[0].low not in lexicon.PREPOSITIONS
        else None
    )


def _statement(wish: Wish, table: str) -> tuple[str, list[str]]:
    verb, whole = wish.words[0].low, wish.scope.whole
    base = wish.scope.base
    key = "id" if not base else f"{base}.id"
    has_data = wish.scope.root is not None
    if verb in _INSERTS and whole:
        return _sql("insert into {} (data) values ($1)", table), [f"{{{{ {whole} }}}}"]
    if verb in ("update", "set", "change", "mark", "upsert") and whole:
        return _sql("update {} set data = $2 where id = $1", table), [f"{{{{ {key} }}}}", f"{{{{ {whole} }}}}"]
    if verb in ("delete", "remove") and has_data:
        return _sql("delete from {} where id = $1", table), [f"{{{{ {key} }}}}"]
    plain = lows(wish.words)
    if has_data and not any(low in ("all", "every", "open", "new", "list") for low in plain):
        return _sql("select * from {} where id = $1", table), [f"{{{{ {key} }}}}"]
    return _sql("select * from {}", table), []


def _sql(pattern: str, table: str) -> str:
    """A statement over a table whose name is snake_case, so nothing in it can end the statement."""
    return pattern.format(table)
