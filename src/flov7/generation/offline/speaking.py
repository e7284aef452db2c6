"""Further ways in which requests are said: passive sentences, `the urgent ones`, `all others get …`, bots, lists of targets."""

from __future__ import annotations

import re
from collections.abc import Callable

from flov7.generation.offline.lexicon import VERBS

_CHATS = r"telegram|slack|whatsapp|discord|teams|messenger"
_DONE = {
    "updated": "update", "told": "tell", "informed": "inform", "notified": "notify", "created": "create",
    "added": "add", "sent": "send", "saved": "save", "stored": "store", "deleted": "delete", "removed": "remove",
    "archived": "archive", "posted": "post", "mailed": "mail", "emailed": "email", "e-mailed": "email",
    "logged": "log", "closed": "close", "assigned": "assign", "moved": "move", "published": "publish",
}  # fmt: skip
"""What is done, as what to do."""
_FEW = r"(?:above|over|below|under|more than|less than|at least|at most|older than|newer than|without|with|that|which|where|from)"


def spoken(text: str) -> str:
    """The request with these ways of saying things turned into plain orders."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text


def _passive(match: re.Match[str]) -> str:
    """`the record is updated` as what is done: `update the record`."""
    rest, who = match["rest"] or "", match["who"].strip().split()
    if who[0].lower() in VERBS or {"when", "if", "once", "that", "which", "and"} & {word.lower() for word in who}:
        return match[0]
    return f"{match['before']}{_DONE[match['done'].lower()]} {match['who'].strip()}{rest}"


def _watched(match: re.Match[str]) -> str:
    return f"When a new {match['thing'].strip()} arrives in {match['place'].strip()}, "


def _bot(match: re.Match[str]) -> str:
    """A bot hears what is written to it and answers."""
    verb = match["does"].lower()
    verb = verb.removesuffix("s") if verb.removesuffix("s") in VERBS else verb
    what = re.sub(r"\b(?:using|with|by) (?:gpt|ai|chatgpt|openai|an? llm)\b", "", match["rest"], flags=re.IGNORECASE)
    return (
        f"When a {match['chat']} message arrives, ask AI to {verb}{what.rstrip(' .')}, then reply to it with the answer"
    )


def _chosen(match: re.Match[str]) -> str:
    """`assign urgent ones to …` is done where it is urgent."""
    return f"{match['before']}if it is {match['like']}, {match['do']} it {match['rest']}"


def _going(match: re.Match[str]) -> str:
    return f"{match['before']}if it is {match['like']}, send it to {match['where']}"


def _one_by_one(match: re.Match[str]) -> str:
    """`insert its lines into …`: each by itself."""
    one = match["thing"].removesuffix("s").replace("entrie", "entry")
    return f"for each {one} {match['do']} it {match['rest']}"


def _some(match: re.Match[str]) -> str:
    """`send me those above 7`: the list is cut first."""
    return f"keep only those {match['which'].strip()}, then {match['do']} {match['who'] or ''}the result"


def _rule(
    pattern: str, instead: str | Callable[[re.Match[str]], str]
) -> tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]:
    return re.compile(pattern, re.IGNORECASE), instead


def _first(match: re.Match[str]) -> str:
    """`newest first`: sorted by when, or by what is compared."""
    how = match["how"].lower()
    by = "date" if how in ("newest", "latest", "oldest", "most recent") else "price" if how == "cheapest" else "value"
    return f", sort them by {by}" + ("" if how in ("oldest", "lowest", "cheapest", "smallest") else " descending")


_ORDER = r"(?P<do>send|mail|e-?mail|post|give|forward|assign|move|reject|tell|delete|archive|close|delay|notify)"
_RULES = (
    _rule(
        r"\b(?P<do>insert|write|save|append|import|post|create) (?:its|all|all the|all its|each of the|their) (?P<thing>lines|rows|entries|items|records|products|positions) (?P<rest>(?:in)?to [^,.;]+)",
        _one_by_one,
    ),
    _rule(r", (?:stored|saved|logged|kept|recorded) (?P<rest>in (?!step|sync)[^,.;]+)", r", then store it \g<rest>"),
    _rule(
        r"\b(?:find|search|get|fetch|list|collect) (?P<what>(?:all |the |our )*[\w' -]+? in [\w' -]+?|[\w' -]+?) (?:that|which) (?:are|have been|were) (?P<which>overdue|older|newer|open|unpaid|unread|late|new|missing|empty)\b(?P<rest>[^,;.]*?)(?P<then> and [a-z]+ |[,;.])",
        r"fetch \g<what>, keep only those \g<which>\g<rest>,\g<then>",
    ),
    _rule(
        r"^(?:if|when|whenever) (?P<thing>(?:our|my|the) [\w' -]*?(?:website|site|server|page|api|service|shop)) (?P<what>(?:does not|doesn't|is not|isn't|is down|goes down|stops|is unreachable)[^,;]*),(?P<rest>[^,]*in a row,)? ",
        r"Every 5 minutes check \g<thing>, if it \g<what>, ",
    ),
    _rule(
        r"^(?P<when>(?:when|whenever) (?:an?|the) [\w' -]+?) with (?P<how>fewer than|less than|more than|over|under|at least|at most) (?P<n>[\w.]+) (?P<unit>[a-z]+) (?P<does>comes in|arrives|lands|is [a-z]+)\b",
        r"\g<when> \g<does> and its \g<unit> is \g<how> \g<n>",
    ),
    _rule(
        r",? (?:with the )?(?P<how>newest|latest|most recent|oldest|highest|lowest|cheapest|largest|smallest|best) first\b",
        _first,
    ),
    _rule(
        r", (?:and )?(?:at most|no more than|max(?:imum)?|up to) (?P<n>\w+)(?: of them| entries| items)?(?=,| and |[.;]|$)",
        r", keep the first \g<n>",
    ),
    _rule(
        rf"^(?:an? |i(?:'d| would) like an? |we (?:want|need) an? |build (?:me )?an? |create an? )?(?:chat ?)?(?:bot|assistant)(?: (?:in|on|for) (?:our |my )?(?P<chat>{_CHATS}))(?: (?:channel|group|workspace))? (?:that|which|to) (?P<does>[a-z]+)(?P<rest> [^;]*)$",
        _bot,
    ),
    _rule(r"^(?:an? )?(?:web )?form for (?P<what>[\w' -]+?): ", r"When a web form for \g<what> is submitted, "),
    _rule(
        r"^(?:expose|offer|serve|provide) (?P<what>[^,.;]+?) as (?:an? )?(?:\w+ )?api\b(?P<rest>[^.;]*)",
        r"When a request is received over HTTP, fetch \g<what>, then answer with the result",
    ),
    _rule(
        r"^(?:watch|monitor|check|scan|poll) (?P<place>[^.;:,]+?) for (?:any |every |all )?new (?P<thing>[\w -]+?)(?:,| and(?= [a-z]+ ))\s*(?:and |then )?",
        _watched,
    ),
    _rule(
        r"^(?P<do>[a-z]+) (?:the |all |every )?(?P<what>[\w -]+?) (?:that|which) (?:arrives?|comes?(?: in)?|reach(?:es)? us|is sent|are sent)(?: to us)? (?:by|via|through|as|in) (?P<way>e-?mail|mail|sms|text message|telegram|whatsapp|slack)\b",
        r"When a \g<way> arrives, \g<do> it",
    ),
    _rule(
        r"(?P<before>[:,;] (?:and |then )?)(?:the |our )?(?P<who>[\w -]{2,30}?) (?:approves? or rejects?|approves?|decides?|signs? (?:it )?off)(?: it)?(?: (?:by|via|on|in) [\w-]+)?(?=[,;.]|$)",
        r"\g<before>wait for approval by the \g<who>",
    ),
    _rule(
        rf"(?P<before>[:,;] (?:and |then )?)(?P<who>(?!if |when |once |unless |it |which |that )(?:the |our |an? )?[\w' -]{{2,40}}?) (?:is|are|gets?) (?P<done>{'|'.join(_DONE)})\b(?P<rest>[^,;.:]*)",
        _passive,
    ),
    _rule(
        r"(?P<before>[,;] (?:and |but )?|\. )(?P<like>(?!all|the|other|only|new|which|those)[a-z]+) ones (?:also |only )?(?:go|are sent|are posted|get sent) to (?P<where>[^,;.]+)",
        _going,
    ),
    _rule(
        rf"(?P<before>,? and |[,;] (?:and )?){_ORDER} (?:only )?(?:the )?(?P<like>(?!the|those|all|these|its|good|bad|new|other|right|only|same|missing|empty|large|top)[a-z]+) ones (?P<rest>[^,;.]*)",
        _chosen,
    ),
    _rule(
        r"[,;.] (?:and )?(?:all |the |everyone |everybody )?(?:others?|rest|else) (?:get|gets|receive|receives) (?P<what>[^.;]+)",
        r"; otherwise send them \g<what>",
    ),
    _rule(
        rf"\b{_ORDER} (?P<who>me |us )?(?:only )?(?:those|the ones|everything|anything|all those) (?P<which>{_FEW} [^,.;]+)",
        _some,
    ),
)
