"""From text to tokens. Its own tokenizer, so that any word after a dot is a member, and sugar is seen."""

from __future__ import annotations

import re
from typing import Final, NamedTuple, NoReturn
from typing import Literal as OneOf

from flov7.language.expressions.budget import MAX_BITS, MAX_SOURCE
from flov7.language.expressions.errors import ExpressionError
from flov7.language.expressions.values import Json

_OPERATOR: Final = re.compile(
    # the longer ones first; `a ?.5 : 1` is a choice, as in JavaScript
    r"===|!==|\.\.\.|\*\*|//|==|!=|<=|>=|<>|\?\?|\?\.(?![0-9])|&&|\|\||=>|->|:=|<<|>>|[-+*/%<>=!?:,.()\[\]{}|&^~@;]"
)
_SPACE: Final = re.compile(r"\s*")
_WORD: Final = re.compile(r"[^\W\d]\w*")
_DIGITS: Final = re.compile(r"[0-9]+")
_NUMBER: Final = re.compile(r"(?:[0-9][0-9_]*)?(?:\.[0-9][0-9_]*|\.(?![\w.]))?(?:[eE][+-]?[0-9]+)?")
_STRING: Final = {quote: re.compile(rf"{quote}((?:[^{quote}\\]|\\.)*){quote}", re.DOTALL) for quote in "'\""}
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_PLAIN_ESCAPES: Final = {
    **dict(zip("ntrbf0\n", ["\n", "\t", "\r", "\b", "\f", "\0", ""], strict=True)),
    **{char: char for char in "\\'\"/"},
}
_STRANGE: Final = {
    "$": "names are written without $: `{{ order.id }}`; text with values in it is `'Order ' + order.id` or a template",
    "`": "use '…' or \"…\" for text",
    "#": "leave the comment out; a primitive's `description` is the place for it",
    "\\": "a backslash only stands inside quoted text",
    **dict.fromkeys("‘’‚“”„«»′″", "use plain quotes, ' or \""),
    **dict.fromkeys("–—−", "use a plain minus, -"),
    "×": "multiply with *",
    "÷": "divide with /",
    "≠": "write !=",
    "≤": "write <=",
    "≥": "write >=",
}


class Token(NamedTuple):
    """One token: a name or word, a number, a text, an operator or bracket, or the end."""

    kind: OneOf["name", "number", "text", "operator", "end"]
    value: Json
    offset: int
    end: int


def tokenize(text: str, *, start: int = 0, in_braces: bool = False) -> tuple[list[Token], int]:
    """The tokens from `start` on, closed by an end token, and where reading stopped.

    With `in_braces`, reading stops at the `}}` that closes the braces around it (quotes and inner brackets
    are respected) and the place behind them is returned; without, it goes to the end of the text.
    Raises `expression.syntax` and `expression.budget`.
    """
    tokens: list[Token] = []
    depth = 0
    at = start
    while True:
        if (space := _SPACE.match(text, at)) is not None:
            at = space.end()
        if at - start > MAX_SOURCE:
            raise ExpressionError(
                f"an expression is at most {MAX_SOURCE} characters long",
                code="expression.budget",
                hint=("close it with }}, or " if in_braces else "") + "split it over several steps",
                offset=start,
            )
        if in_braces and depth == 0 and text.startswith("}}", at):
            tokens.append(Token("end", None, at, at))
            return tokens, at + 2
        if at >= len(text):
            if in_braces:
                _fail("the braces {{ are not closed", start, hint="close the expression with }}")
            tokens.append(Token("end", None, at, at))
            return tokens, at
        token = _next(text, at, tokens)
        if token.kind == "operator":
            depth = max(0, depth + (token.value in "([{") - (token.value in ")]}"))
        tokens.append(token)
        at = token.end


def _fail(message: str, offset: int, *, hint: str = "") -> NoReturn:
    raise ExpressionError(message, code="expression.syntax", hint=hint, offset=offset)


def _next(text: str, at: int, before: list[Token]) -> Token:
    char = text[at]
    starts_number = char.isdigit() or (char == "." and text[at + 1 : at + 2].isdigit() and not _ends_value(before))
    if not starts_number and (operator := _OPERATOR.match(text, at)):
        return Token("operator", operator.group(), at, operator.end())
    after_dot = bool(before) and before[-1].kind == "operator" and before[-1].value in (".", "?.")
    if char.isdigit() and after_dot and (digits := _DIGITS.match(text, at)):
        return Token("number", _whole(digits.group(), at), at, digits.end())
    if word := _WORD.match(text, at):
        return _word(text, word, after_dot=after_dot)
    if char in "'\"":
        return _text(text, at, raw=False)
    if starts_number and (number := _NUMBER.match(text, at)) and number.end() > at:
        return _number(text, number)
    _fail(f"{char!r} has no meaning in an expression", at, hint=_STRANGE.get(char, ""))


def _ends_value(before: list[Token]) -> bool:
    if not before:
        return False
    last = before[-1]
    return last.kind in ("name", "number", "text") or last.value in (")", "]", "}")


def _word(text: str, match: re.Match[str], *, after_dot: bool) -> Token:
    word, at, end = match.group(), match.start(), match.end()
    if not after_dot and end < len(text) and text[end] in "'\"":
        if word in ("r", "R"):
            return _text(text, end, raw=True)._replace(offset=at)
        if word.lower() in ("f", "b", "u", "fr", "rf", "br", "rb"):
            hint = "join with +, or use a template with {{ … }}" if "f" in word.lower() else "leave the letter out"
            raise ExpressionError(f"{word}'…' is no text here", code="expression.unsupported", hint=hint, offset=at)
    if word.startswith("__") and word.endswith("__") and len(word) > 4:
        raise ExpressionError(
            f"{word} is a name inside Python, which expressions never reach",
            code="expression.unsupported",
            hint=f'a JSON member of this name is read with ["{word}"]',
            offset=at,
        )
    return Token("name", word, at, end)


def _whole(digits: str, at: int) -> int:
    # the number of digits is limited first, because converting very many takes quadratic time
    if len(digits) <= MAX_BITS // 3 and (number := int(digits)).bit_length() <= MAX_BITS:
        return number
    raise ExpressionError("this number is too long", code="expression.budget", offset=at)


def _number(text: str, match: re.Match[str]) -> Token:
    written, at, end = match.group(), match.start(), match.end()
    if _WORD.match(text, end):
        _fail(
            f"{text[at : end + 1]!r} is neither a number nor a name",
            at,
            hint="names do not begin with a digit",
        )
    plain = written.replace("_", "")
    if not plain.isascii():
        _fail(f"{written!r} is not written with the digits 0 to 9", at)
    if plain.isdigit():
        if len(plain) > 1 and plain.startswith("0"):
            _fail(
                f"{written} begins with 0",
                at,
                hint=f"write {plain.lstrip('0') or '0'}, or '{written}' as text",
            )
        return Token("number", _whole(plain, at), at, end)
    number = float(plain) if len(plain) <= MAX_BITS else float("inf")
    if number in (float("inf"), float("-inf")):
        raise ExpressionError(f"{written[:20]} is out of range", code="expression.arithmetic", offset=at)
    return Token("number", number, at, end)


def _text(text: str, at: int, *, raw: bool) -> Token:
    match = _STRING[text[at]].match(text, at, at + MAX_SOURCE + 2)
    if match is None:
        _fail(f"the text that begins with {text[at]} is not closed", at, hint=f"close it with {text[at]}")
    body = match.group(1)
    if not raw and "\\" in body:
        body = _ESCAPE.sub(_unescape, body)
        try:
            # \ud83d\ude00 is one character, as in JSON
            body = body.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            _fail("half a character (a lone surrogate) is in this text", at)
    return Token("text", body, at, match.end())


def _unescape(match: re.Match[str]) -> str:
    escape = match.group(1)
    if len(escape) > 1:
        number = int(escape[1:], 16)
        return chr(number) if number < 0x110000 else match.group()
    # an unknown escape stays as it is, as in Python, so that '\d' may be a pattern
    return _PLAIN_ESCAPES.get(escape, match.group())
