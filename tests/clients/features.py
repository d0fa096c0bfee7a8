"""What all programs of real clients share: features that are tried one by one, and a line of JSON for each.

A program is started as `PROGRAM URL UPSTREAM`: the gateway's address and the format that its upstream speaks. What the
upstream answers is decided in the Rust tests (`scenes.rs`) by the first word of the conversation, and repeated in the programs
as what must come out.
"""

import base64
import json
import sys
import traceback

TEXT = "Hello, wörld 🦀."
THOUGHT = "First I add, then I answer. Größe zählt."
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n made up for this test").decode()
ADD = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}
ANSWER = {
    "type": "object",
    "properties": {"answer": {"type": "integer"}},
    "required": ["answer"],
    "additionalProperties": False,
}

FEATURES = []


class NotOffered(Exception):
    """The format has no words for it, which is no failure."""


def feature(function):
    """Tried once; given the upstream's format."""
    FEATURES.append((function.__name__, function, ()))
    return function


def both(function):
    """Tried twice: whole and streamed."""
    FEATURES.append((function.__name__, function, (False,)))
    FEATURES.append((function.__name__ + ", streamed", function, (True,)))
    return function


def equal(seen, expected, context=None):
    if seen != expected:
        beside = "" if context is None else f" in {context!r}"
        raise AssertionError(f"{seen!r} instead of {expected!r}{beside}")


def raises(kind, function):
    """The exception of exactly this class that the function raises."""
    try:
        value = function()
    except kind as error:
        if type(error) is not kind:
            raise AssertionError(f"{type(error).__name__} instead of {kind.__name__}: {error}") from error
        return error
    raise AssertionError(f"no {kind.__name__} but {value!r}")


def main():
    upstream = sys.argv[2]
    for name, function, arguments in FEATURES:
        line = {"feature": name.replace("_", " "), "ok": True, "detail": ""}
        try:
            function(upstream, *arguments)
        except NotOffered as reason:
            line["detail"] = f"not offered: {reason}"
        except Exception as error:
            line["ok"] = False
            line["detail"] = f"{type(error).__name__}: {error}\n{''.join(traceback.format_tb(error.__traceback__)[-1:])}"
        print(json.dumps(line), flush=True)
