"""How people really write requests, turned into the plain clauses that the grammar reads: `when …, do …, then …`.

Each rule is about how a sentence is built (arrows, `I need a form where …`, `let an AI …`, `X should become Y`) and
never about a branch of business. What no rule fits stays as it was said.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from flov7.generation.offline.lexicon import VERBS
from flov7.generation.offline.speaking import spoken
from flov7.generation.offline.starting import opened
from flov7.generation.offline.switching import switched

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

_MODEL = r"(?:an? |the |our )?(?:ai|a\.i\.|gpt(?:-\d\w*)?|chatgpt|llm|claude|gemini|openai|language model)"
_HELPER = rf"{_MODEL}(?: (?:agent|assistant|model|bot|step|node))?"
_MAKE = r"(?:please )?(?:give me|build(?: me)?|create|make(?: me)?|i need|i want|we need|we want|set up|provide|have)"
_SMALL = r"(?:tiny|small|simple|little|quick|public|web|http|rest|json|internal|self-service)"
_TAKES = r"(?:accepts?|takes?|receives?|gets?|is given|is sent|reads?)"
_ARROW = re.compile(r"\s*(?:-+>|=+>|→|⇒|>>)\s*")
_CHATS = r"slack|telegram|discord|teams|whatsapp|mattermost|chat|sms"
_MAILS = r"e-?mail|gmail|mail|outlook|inbox"


def plain(sentence: str) -> str:
    """The request in plain clauses. The words of what is meant stay; only how they are joined changes."""
    text = spoken(switched(_without_courtesy(_arrows(sentence))))
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    text = re.sub(r"ask AI to (?:ask AI(?: to)?|(?=for )) ?", "ask AI to ", text).replace(
        "ask AI to for ", "ask AI for "
    )
    text = re.sub(
        r"\bwhen [\w' -]+? texts? us\b[^,.]*", "When a text message arrives", text, count=1, flags=re.IGNORECASE
    )
    if text.startswith("When "):
        how = "above|over|below|under|more than|less than|at least|at most"
        text = re.sub(
            rf"keep only those ({how}) (\d+)([^,]*), then (\w+) (?:me |us )?the result",
            r"if the score is \1 \2, \4 it\3",
            text,
        )
    acts = "move|send|reply|answer|create|open|forward|assign|tell|notify|invite"
    text = re.sub(rf"(ask AI to decide whether [^,.;]+?),? and (?=(?:{acts})\b)", r"\1, if so, ", text)
    return _answered(_tidy(opened(_tidy(text))))


def _answered(text: str) -> str:
    """What a model answers goes back to who wrote, where nothing else is done with it."""
    asked = re.search(r"ask AI to (?:answer|reply|respond)\b[^.;]*$", text.rstrip(". "), re.IGNORECASE)
    if asked is None or re.search(
        r"\b(?:then|and) (?:reply|answer|send|post|respond|text|mail)\b", asked[0], re.IGNORECASE
    ):
        return text
    return f"{text.rstrip('. ')}, then reply with the answer"


def _without_courtesy(text: str) -> str:
    """`Could you please …`, `I want a workflow that …` say only that something is asked for."""
    text = re.sub(r"^\s*(?:hi|hello|hey)\b[^,.!]*[,.!]\s*", "", text, flags=re.IGNORECASE)
    text = re.sub(
        r"^\s*(?:please[, ]+)?(?:(?:can|could|would|will) you|i(?: would|'d) like (?:you )?to|i want (?:you )?to|i need to|we (?:want|need|would like) to"
        r"|help me(?: to)?|let's)\s+(?:please )?", "", text, flags=re.IGNORECASE,
    )  # fmt: skip
    kind = r"(?:workflow|automation|flow|process|bot|agent|pipeline|scenario|zap|job|system|integration)"
    made = rf"^\s*{_MAKE} (?:an?|the|some) (?:\w+ ){{0,3}}?{kind} (?:that|which|to|where|in which|for)\s+"
    match = re.match(made, text, re.IGNORECASE)
    return _infinitive(text[match.end() :]) if match else text


def _infinitive(text: str) -> str:
    """`posts new items to …` without its subject is a step: `post new items to …`."""
    word, _, rest = text.partition(" ")
    endings = (
        [word[:-1], word[:-2], word[:-3] + "y"] if word.lower().endswith("s") and word.lower() not in VERBS else []
    )
    base = next((one for one in endings if one.lower() in VERBS), word)
    return f"{base} {rest}".rstrip()


def _arrows(text: str) -> str:
    """`new A in B -> C -> D`: what happens, then what is done."""
    parts = [one.strip(" .") for one in _ARROW.split(text) if one.strip(" .")]
    parts = [*parts[:1], *(one.strip() for part in parts[1:] for one in re.split(r"\s\+\s|\s&\s", part))]
    if len(parts) < 2 or not _ARROW.search(text):
        return text
    first, rest = parts[0], parts[1:]
    opening = first if _starts_by_clock(first) or _is_step(first) else f"When {_happening(first)}"
    return ", ".join([opening, *("then " + _ordered(one) for one in rest)])


def _is_step(text: str) -> bool:
    """Whether it begins with what shall be done; a verb that is not known stands before its object."""
    words = text.lower().split()
    if not words:
        return False
    objects = ("it", "them", "the", "a", "an", "its", "their", "our", "my", "me", "us")
    known = words[0] in VERBS or words[0] in ("when", "whenever", "if", "every", "each", "on", "once", "after")
    return known or (
        len(words) > 1 and words[1] in objects and words[0].isalpha() and words[0] not in ("a", "an", "the", "new")
    )


def _starts_by_clock(text: str) -> bool:
    return (
        re.match(r"(every|each|daily|hourly|weekly|monthly|nightly|once|on \w+days)\b", text, re.IGNORECASE) is not None
    )


def _happening(text: str) -> str:
    """What happens, with a verb."""
    has_verb = re.search(
        r"\b(is|are|comes?|arrives?|lands?|gets?|\w+(?:ed|mits|ates|ves)|happens?|goes|drops?)\b", text, re.IGNORECASE
    )
    return text if has_verb else f"{text} arrives"


def _ordered(text: str) -> str:
    """A target without a verb: `google sheet row with timestamp` is added, a chat is told, mail is sent."""
    if re.fullmatch(rf"\w+ (?:{_MAILS})", text, re.IGNORECASE):
        return f"send a {text}"
    if _is_step(text):
        return text
    if re.search(rf"\b(?:{_CHATS})\b", text, re.IGNORECASE):
        return f"post it to {text}"
    if re.search(rf"\b(?:{_MAILS})\b", text, re.IGNORECASE):
        named = re.search(rf"\w+ (?:{_MAILS})$", text, re.IGNORECASE)
        return f"send a {text}" if named else f"send it by {text}"
    return f"add a {text}"


def _fields_of(match: re.Match[str]) -> str:
    """A form's page asks a person: what they put in comes with it."""
    inside = match["inside"].strip(" ,")
    return f"When a web form with {_object(inside)} is submitted" if inside else "When a web form is submitted"


def _object(text: str) -> str:
    """What is put in: `a visitor pastes the address of a page` gives `the address of a page`."""
    found = re.search(
        r"\b(?:pastes?|enters?|types?|fills? in|fills? out|gives?|puts?(?: in)?|uploads?|picks?|chooses?|submits?|leaves?|asks? for|asking for|for|with)\s+(.*)",
        text, re.IGNORECASE,
    )  # fmt: skip
    return found[1] if found else text


def _endpoint(match: re.Match[str]) -> str:
    what = match["what"].strip(" ,:")
    rest = re.sub(r"^(?:and|which|that|to)\s+", "", (match["then"] or "").strip(" ,:"))
    named = re.match(r"(?:an?|the|any|some)\b", what, re.IGNORECASE)
    opening = f"When {what if named else 'a ' + what} is received over HTTP"
    rest = re.sub(r"((?:, (?:and )?| and )(?:then )?)([a-z]+)\b", lambda one: one[1] + _infinitive(one[2]), rest)
    return f"{opening}, {_infinitive(rest)}" if rest else opening


def _watched(match: re.Match[str]) -> str:
    """`Watch X. For each new Y …`: Y arriving in X starts it."""
    return f"When {match['article'] or 'a'} new {match['thing'].strip()} arrives in {match['place'].strip(' ,.')}, "


def _steady(match: re.Match[str]) -> str:
    """`Watch X` alone is looked at again and again."""
    return f"Every 15 minutes fetch {match['place'].strip(' ,.')}{match['end']}"


def _asked(match: re.Match[str]) -> str:
    """`let an AI judge if …`: one thing to ask, and its own `if` is no condition of the workflow."""
    what = re.sub(r"^([a-z]+ )if ", r"\1whether ", match["what"], flags=re.IGNORECASE)
    return (
        f"ask AI {what}"
        if what.lower().startswith(("whether ", "what ", "which ", "who ", "how "))
        else f"ask AI to {what}"
    )


def _moved(match: re.Match[str]) -> str:
    """What is in one place is read and added to the other, each where there are many."""
    many = re.match(r"(?:all|every|each)(?: of)?(?: the| our| my)* (?P<thing>.*)", match["what"], re.IGNORECASE)
    if many is None:
        return f"fetch {match['what']}, then add the rows to {match['where']}"
    last = re.split(r" (?:from|in|of|on) ", many["thing"])[0].split()[-1]
    return f"fetch {match['what']}, for each {last.removesuffix('s')} add it to {match['where']}"


def _synced(what: str, one: str, two: str, clock: str) -> str:
    """Two places that shall hold the same: both are read and compared; what differs is put into shape and written."""
    when = clock.strip(" ,:;") or "every 15 minutes"
    thing = what.strip() or "records"
    fetched = (
        f"{when} fetch the {thing} from {one.strip()}, fetch the {thing} from {two.strip()}, then compare both lists"
    )
    return f"{fetched}, map the fields, create or update the {thing} in {two.strip()}"


def _rule(pattern: str, instead: str | Callable[[re.Match[str]], str]) -> Rule:
    return re.compile(pattern, re.IGNORECASE), instead


_RULES: tuple[Rule, ...] = (
    # A form, an address that is called, an API of one's own.
    _rule(
        rf"^{_MAKE} an? (?:{_SMALL} )*form (?:where|in which|on which|that|with which|for|with|asking)\s*(?P<inside>[^.;]*)",
        _fields_of,
    ),
    _rule(
        rf"^(?:{_MAKE} )?(?:an? )?(?:{_SMALL} )*(?:endpoint|api|web ?hook|web service|service|url)(?: (?:that|which|to))? {_TAKES} (?P<what>[^,:;.]+?)(?P<then>(?:[,:;]| and (?=returns?|answers?|gives?|sends?|replies|responds?)).*)?(?=\.|$)",
        _endpoint,
    ),
    _rule(rf"^(?:{_MAKE} )?(?:an? )?(?:{_SMALL} )*(?:endpoint|api|web ?hook|web service)\s*[:,;-]\s*", ""),
    _rule(
        r"^(?:accept|receive|take) (?P<what>.+?) (?:over|via|by|through) (?:http|https|post|rest)\b(?P<aside>, either [^.]*?(?=,? and (?:return|give|answer|reply|respond|send)))?(?P<then>,? and [^.]*|, [^.]*)?(?=\.|$)",
        _endpoint,
    ),
    _rule(
        rf"^(?:{_MAKE} )?(?:an? )?(?:{_SMALL} )*(?:endpoint|api|web ?hook|web service)(?: for [\w' -]+?)?[:,;] (?:it|which|that) {_TAKES} (?P<what>[^,:;.]+?)(?P<then>,.*)$",
        _endpoint,
    ),
    # Somebody or something outside is looked after.
    _rule(
        r"^(?:watch|monitor|follow|keep an eye on|observe|track|listen to|check) (?P<place>[^.;:]+)[.;:,]\s*(?:for|with|on) (?:each|every|any) (?P<article>)?new (?P<thing>[\w -]+?)(?:,|(?= (?:have|let|ask|send|post|create|add|tell|notify|save|summari)))\s*",
        _watched,
    ),
    _rule(r"^(?:watch|monitor|follow|keep an eye on|observe|track) (?P<place>[^.;:,]+)(?P<end>[.;:,])", _steady),
    # A sentence that says what comes in: `Splunk sends us alerts.`
    _rule(
        r"^(?P<who>[\w ]{2,40}?) (?P<does>sends?|emails?|texts?|posts?|publish(?:es)?|gives?|forwards?|messages?|calls?) us (?P<what>[^.;]*)[.;]\s*",
        lambda m: f"When {m['who']} {m['does']} us {m['what']}, ".replace("  ", " ").replace(" ,", ","),
    ),
    # What should be is what is done.
    _rule(r"^(?P<who>(?:an? )?new [\w ]{2,40}?) (?:should|shall|must|has to|needs to) ", r"When \g<who> arrives, "),
    _rule(
        r"(?P<before>^|[.;,] )(?P<who>(?!if\b|when\b)[\w' -]{3,40}?) (?:should|shall|must) (?:get|receive) (?P<what>[^,.;]+)",
        r"\g<before>send \g<who> \g<what>",
    ),
    # A model does it.
    _rule(
        rf"\b(?:let|have|get|make|ask|use|tell) {_HELPER}(?: that [\w ]+?(?= answer| write| reply| draft))?(?: to)? (?P<what>[a-z]+ [^.;]*?)(?=[.;]|$|, (?:and )?(?:then |put|post|send|save|store|mail|e-?mail|tell|write|add|return|create|update)| and (?:then |put|post|send|save|store|mail |e-?mail|tell|return|write the|write them|write it|apply|create|update))",
        _asked,
    ),
    _rule(
        r"\b(?:decide|judge|determine|work out|find out|figure out|check|see) (?:whether|if) (?P<what>[^,.;]+?)(?= and (?:then|if)|[,.;]|$)",
        r"ask AI to decide whether \g<what>",
    ),
    # What is said of the circumstances, and what it is for, is no step.
    _rule(
        r"(?:^|(?<=[.;] ))(?:i|we) (?:have|got|keep|use|run|own|maintain) (?P<what>[^.;,]+(?:, one [^.;]*)?)(?P<end>[.;,]) *(?:and )?",
        "",
    ),
    _rule(r",? so that [^,.;]+", ""),
    # One for each.
    _rule(
        r"\b(?P<do>send|create|open|post|make|write|add|put) (?:one|an?|a single) (?P<what>[\w' -]+?) (?:per|for each|for every) (?P<thing>[a-z]+)\b",
        lambda one: f"for each {one['thing']} {one['do'].lower()} a {one['what']}",
    ),
    _rule(
        r"\b(?:go|run|loop|work|step|iterate) (?:through|over|down) (?:the |my |our |all )?(?P<thing>[a-z]+?)(?:s| list)? (?P<where>(?:in|of|from) [^,.;]+?)(?: one by one| one after (?:the other|another)| row by row)?[,;] ",
        r"read the \g<thing> list \g<where>, for each \g<thing> ",
    ),
    _rule(
        r"\b(?P<do>send|upsert|add|import|insert|push|post|upload) (?P<what>[\w' -]+?) (?P<where>(?:in)?to [\w' -]+?) in (?:batches|chunks|groups|blocks) of (?P<size>\d+)",
        r"split \g<what> into batches of \g<size>, for each batch \g<do> it \g<where>",
    ),
    _rule(
        r"\bif (?P<cond>[^,.;]+?),? (?=for each (?P<thing>[a-z]+) )for each \w+ ", r"for each \g<thing>, if \g<cond>, "
    ),
    _rule(
        r"^(?P<do>turn|translate|convert|rewrite|classify|summari[sz]e|score|rate|tag|label|enrich|check) (?:a|the|my|our|this) list of (?P<thing>[a-z]+(?: [a-z]+s)?)\b",
        r"for each \g<thing> in the list, \g<do> it",
    ),
    _rule(
        r"\b(?:ask|call|query|poll) (?P<place>(?:our|the|an?|my) [\w' -]*?(?:api|service|endpoint|server)) for (?P<what>[^,.;]+)",
        r"fetch \g<what> from \g<place>",
    ),
    _rule(
        r"\b(?:answers?|returns?|replies|responds?|say|says|tell|tells)(?: with)? whether (?P<what>[^,.;]+?) (?:is|are|exists?|stands?) (?:already )?(?P<where>in [^,.;]*(?:table|database|sheet|list|crm)\b)",
        r"look it up \g<where>, then answer with the result",
    ),
    # From one place to another, and the same at both.
    _rule(
        r"\b(?P<do>dump|copy|export|transfer|load|import|pull|back up|backup|migrate|replicate|mirror) (?P<what>(?!it\b|them\b)[^,.;]+?) (?:in)?to (?P<where>[^,.;]+)",
        _moved,
    ),
    _rule(
        r"^(?P<when>[^,.;]{0,40}?[,:;] )?(?:two-way |2-way |one-way |bidirectional(?:ly)? )?(?:sync(?:hroni[sz]e)?|synchroni[sz]ation|keep|mirror) (?:of )?(?P<what>[\w' -]+?) (?:between|from) (?P<one>[^,.;]+?) (?:and|to|with|into) (?P<two>[^,.;:]+?)(?: in sync| in step| aligned| the same)?(?P<clock>, (?:once|every|each|daily|hourly|nightly)[^.;:]*)?(?=[.;:]|$)",
        lambda m: _synced(m["what"], m["one"], m["two"], (m["clock"] or m["when"] or "")),
    ),
    _rule(
        r"^keep (?P<one>[^,.;]+?) and (?P<two>[^,.;:]+?) (?:in sync|in step|aligned|the same|synchroni[sz]ed)(?P<clock>, (?:once|every|each|daily|hourly|nightly)[^.;:]*)?(?=[.;:]|$)",
        lambda m: _synced("", m["one"], m["two"], m["clock"] or ""),
    ),
    _rule(
        r"(?:^|(?<=[.;:] ))(?P<what>(?:missing|present|only|different|changed|unchanged|existing)\b[^.;:,]*): ",
        r"if it is \g<what>, ",
    ),
    # Ways in which a run is started by what failed.
    _rule(
        r"^(?:if|when|whenever) (?:any|one|an?)(?: one)?(?: of (?:my|our|the))? (?:automations?|workflows?|flows?|runs?|jobs?)(?: of (?:mine|ours))? (?:fails?|breaks?|crashes?|errors?)(?: out)?,? ",
        "When a program calls it over the api with a failed run, ",
    ),
    _rule(r"\bpause (?P<time>[^,.;]*?) between (?:the )?(?P<thing>[a-z]+)\b", r"for each \g<thing> pause \g<time>"),
    # Nothing is done.
    _rule(
        r"[,;] (?:otherwise|else|if not),? (?:do nothing|nothing|leave (?:it|them)(?: alone)?|ignore (?:it|them)|skip (?:it|them))(?: more| else| further)?(?=[.,;]|$)",
        "",
    ),
    _rule(
        r"(?:^|(?<=[.;] ))(?:all |the )?(?:other|others|remaining|everything else|[\w ]+ that (?:are|do|is|does) not [^.;]{3,60}?)(?: \w+){0,2} (?:must|should|can|may|shall|are|is)(?: to)? be (?:left alone|ignored|skipped)[.;]?",
        "",
    ),
)


def _tidy(text: str) -> str:
    text = re.sub(r"\s+([,.;:])", r"\1", re.sub(r"[ \t]+", " ", text)).strip()
    return re.sub(r",\s*([,.;])", r"\1", text)
