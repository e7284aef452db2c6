"""What is answered where a text is no request that can be read here: empty, too long, another language, small talk."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flov7.generation.draft import Question
from flov7.generation.offline import lexicon
from flov7.generation.offline.words import Word, closed

LONGEST = 4000
EXAMPLE = "When a form is submitted, save it to the database, then e-mail the sender."
_FUNCTION = (
    lexicon.DETERMINERS | lexicon.PREPOSITIONS | lexicon.COPULAS | lexicon.PRONOUNS | lexicon.VERBS
    | closed("and or if when then else unless daily hourly weekly")
)  # fmt: skip
_TONGUES: dict[str, tuple[frozenset[str], str]] = {
    "German": (closed("der die das und wenn eine einen ein ist nicht mit dann bei für jeden jede dem den ich schicke sende wir "
                      "jedes zum zur vom nach bitte"), "Ohne Modell lese ich nur Englisch."),
    "French": (closed("le la les une des quand si est avec pour chaque puis envoie je nous dans qui que mon nos du au"),
               "Sans modèle, je ne lis que l'anglais."),
    "Spanish": (closed("el los las una cuando cada con por entonces envía manda crea al nuestro nuestra un y en"),
                "Sin modelo solo leo inglés."),
    "Italian": (closed("il gli quando ogni poi invia crea una che nel della"), "Senza modello leggo solo l'inglese."),
    "Portuguese": (closed("quando cada uma um envie envia para nosso nossa então com"), "Sem modelo só leio inglês."),
    "Dutch": (closed("het een als elke en stuur wanneer naar onze"), "Zonder model lees ik alleen Engels."),
    "Swedish": (closed("och när om skicka varje till ett"), "Utan modell läser jag bara engelska."),
}  # fmt: skip
"""Small words of languages that are told apart, and how it is said in them."""
_SCRIPTS = (
    ("Chinese or Japanese", r"[\u3040-\u30ff\u4e00-\u9fff]"), ("Korean", r"[\uac00-\ud7af]"), ("Russian", r"[\u0400-\u04ff]"),
    ("Arabic", r"[\u0600-\u06ff]"), ("Hebrew", r"[\u0590-\u05ff]"), ("Greek", r"[\u0370-\u03ff]"), ("Hindi", r"[\u0900-\u097f]"),
    ("Thai", r"[\u0e00-\u0e7f]"),
)  # fmt: skip
_FOREIGN = frozenset(word for words, _ in _TONGUES.values() for word in words) - _FUNCTION - {"a", "i", "me", "on"}
_TALK = re.compile(
    r"^\s*(?:hello|hi|hey|good (?:morning|day|evening)|thanks|thank you|how are you|who are you|what (?:can|do) you do|test|help)\b[^.]{0,40}$",
    re.IGNORECASE,
)  # fmt: skip
_ASKS = re.compile(r"^\s*(?:what|who|why|how|where|which|is|are|does|did|was|were)\b[^.;]*\?\s*$", re.IGNORECASE)


def refusal(sentence: str, words: Sequence[Word]) -> Question | None:
    """What is asked in place of a draft; None where the text can be read."""
    if not words or not re.search(r"\w", sentence):
        return _question("What shall happen, and when? One sentence is enough.")
    if len(sentence) > LONGEST:
        return _question(
            f"That is longer than the {LONGEST:,} characters that I read at once. What is it in a few sentences?"
        )
    if not _is_english(words):
        return _question(_other_language(sentence, words))
    if _TALK.match(sentence) or _ASKS.match(sentence):
        return _question("I make workflows and answer no questions. What shall happen, and what shall start it?")
    return None


def _question(text: str) -> Question:
    return Question(key="sentence", text=text, suggestions=(EXAMPLE,))


def _other_language(sentence: str, words: Sequence[Word]) -> str:
    script = next((name for name, pattern in _SCRIPTS if re.search(pattern, sentence)), None)
    counted = {name: sum(word.low in known for word in words) for name, (known, _) in _TONGUES.items()}
    best = max(counted, key=lambda name: counted[name])
    name = script or (best if counted[best] else None)
    seen = f"This looks like {name}. " if name else ""
    own = f" ({_TONGUES[name][1]})" if name in _TONGUES else ""
    return (
        f"{seen}Without a model I understand English only{own}; with one (set FLOV7_LLM_BASE_URL or OPENAI_API_KEY) any "
        "language. Could you say it in English?"
    )


def _is_english(words: Sequence[Word]) -> bool:
    plain = [word.low for word in words if word.sort in ("word", "number")]
    if not plain:
        return any(word.sort in ("url", "quoted") for word in words)
    known = sum(low in _FUNCTION for low in plain)
    foreign = sum(low in _FOREIGN or not low.isascii() for low in plain)
    return foreign == 0 or (known > 0 and foreign <= max(1, known) and known >= foreign * 2)
