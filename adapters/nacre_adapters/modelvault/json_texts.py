"""What is wrong with a JSON text, in the words of the original."""

import json

_OPENED = {"{": "an object", "[": "a list"}


def what_is_wrong(error: json.JSONDecodeError) -> str:
    """Return what the original says of a text that is no JSON, and where that is."""
    text = error.doc.rstrip()
    line = error.doc.count("\n", 0, error.pos) + 1
    column = error.pos - error.doc.rfind("\n", 0, error.pos)
    if error.msg == "Extra data":
        return f"trailing characters at line {line} column {column}"
    if error.pos >= len(text) or error.msg.startswith("Unterminated string"):
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n") - 1
        return f"EOF while parsing {_unfinished(text)} at line {line} column {column}"
    said = "expected value" if error.msg == "Expecting value" else error.msg
    return f"{said} at line {line} column {column}"


def _unfinished(text: str) -> str:
    """Return what a text that breaks off was in the middle of."""
    opened: list[str] = []
    in_string = escaped = False
    for letter in text:
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = in_string
        elif letter == '"':
            in_string = not in_string
        elif in_string:
            continue
        elif letter in "{[":
            opened.append(letter)
        elif letter in "}]" and opened:
            opened.pop()
    if in_string:
        return "a string"
    return _OPENED[opened[-1]] if opened else "a value"
