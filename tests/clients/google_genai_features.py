"""The `google-genai` package against an upstream of any format."""

import base64
import sys

from google import genai
from google.genai import errors, types

from features import ADD, ANSWER, PNG, TEXT, THOUGHT, NotOffered, both, equal, feature, main, raises

CLIENT = genai.Client(api_key="made-up", http_options=types.HttpOptions(base_url=sys.argv[1], timeout=30_000))
TOOLS = [
    types.Tool(
        function_declarations=[
            types.FunctionDeclaration(name="add", description="Adds two numbers.", parameters_json_schema=ADD)
        ]
    )
]
THINKING = types.ThinkingConfig(include_thoughts=True, thinking_budget=2048)


def user(*parts):
    return types.Content(role="user", parts=[types.Part(text=part) if isinstance(part, str) else part for part in parts])


class Heard:
    """An answer: all parts in their order, whole or put together from chunks."""

    def __init__(self, chunks):
        self.parts, self.reason, self.usage = [], None, None
        for chunk in chunks:
            self.usage = chunk.usage_metadata or self.usage
            for candidate in chunk.candidates or []:
                self.reason = candidate.finish_reason or self.reason
                self.parts += (candidate.content.parts or []) if candidate.content else []

    def text(self, thought=False):
        return "".join(part.text for part in self.parts if part.text and bool(part.thought) == thought)

    def calls(self):
        return [part.function_call for part in self.parts if part.function_call]

    def content(self):
        return types.Content(role="model", parts=self.parts)


def send(streamed, contents, **config):
    off = types.AutomaticFunctionCallingConfig(disable=True)
    request = {"contents": contents, "config": types.GenerateContentConfig(automatic_function_calling=off, **config)}
    if streamed:
        return Heard(CLIENT.models.generate_content_stream(model="gemini-test", **request))
    return Heard([CLIENT.models.generate_content(model="gemini-test", **request)])


def results(heard, *outputs):
    parts = []
    for call, output in zip(heard.calls(), outputs, strict=True):
        response = types.FunctionResponse(id=call.id, name=call.name, response={"output": output})
        parts.append(types.Part(function_response=response))
    return types.Content(role="user", parts=parts)


@both
def plain(upstream, streamed):
    heard = send(streamed, [user("text")])
    equal((heard.text(), heard.reason), (TEXT, types.FinishReason.STOP))


@feature
def pieces_as_they_come(upstream):
    chunks = CLIENT.models.generate_content_stream(model="gemini-test", contents="text")
    equal([chunk.text for chunk in chunks if chunk.text], ["Hello, ", "wörld ", "🦀."])


@both
def usage(upstream, streamed):
    seen = send(streamed, [user("text")]).usage
    equal((seen.prompt_token_count, seen.candidates_token_count, seen.total_token_count), (20, 5, 25))
    equal(seen.cached_content_token_count, 7)


@both
def system(upstream, streamed):
    equal(send(streamed, [user("system")], system_instruction="Be brief.").text(), "Be brief.")


@both
def tools(upstream, streamed):
    contents = [user("tool")]
    heard = send(streamed, contents, tools=TOOLS)
    equal([(call.name, call.args) for call in heard.calls()], [("add", {"a": 1, "b": 2})])
    equal(heard.reason, types.FinishReason.STOP)
    equal(send(streamed, contents + [heard.content(), results(heard, "3")], tools=TOOLS).text(), "3")


@both
def parallel_tools(upstream, streamed):
    contents = [user("parallel")]
    heard = send(streamed, contents, tools=TOOLS)
    equal([call.args for call in heard.calls()], [{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    equal(heard.text(), "Both.")
    equal(send(streamed, contents + [heard.content(), results(heard, "3", "7")], tools=TOOLS).text(), "3 and 7")


@feature
def results_without_ids(upstream):
    """As the package's own helper makes them."""
    contents = [user("parallel")]
    heard = send(False, contents, tools=TOOLS)
    parts = [types.Part.from_function_response(name="add", response={"output": text}) for text in ("3", "7")]
    content = heard.content()
    for part in content.parts:
        if part.function_call:
            part.function_call.id = None
    equal(send(False, contents + [content, types.Content(role="user", parts=parts)], tools=TOOLS).text(), "3 and 7")


@feature
def tool_choice(upstream):
    for mode, names, expected in [
        ("ANY", ["add"], "add"),
        ("ANY", None, "any"),
        ("NONE", None, "none"),
        ("AUTO", None, "not forced"),
    ]:
        calling = types.FunctionCallingConfig(mode=mode, allowed_function_names=names)
        heard = send(False, [user("force")], tools=TOOLS, tool_config=types.ToolConfig(function_calling_config=calling))
        # One function and any function are the same where there is only one.
        assert heard.text() in {expected, "add" if expected == "any" else expected}, heard.text()


@both
def images(upstream, streamed):
    image = types.Part.from_bytes(data=base64.b64decode(PNG), mime_type="image/png")
    equal(send(streamed, [user("image", image)]).text(), f"image/png {PNG}")


@both
def thinking(upstream, streamed):
    heard = send(streamed, [user("thinking")], thinking_config=THINKING)
    equal((heard.text(thought=True), heard.text()), (THOUGHT, "It is 3."))
    equal(heard.usage.total_token_count, 25)


@both
def thinking_in_the_next_turn(upstream, streamed):
    """The content goes back as it came, signatures and all, with the result of its call."""
    contents = [user("thinking-tool")]
    heard = send(streamed, contents, tools=TOOLS, thinking_config=THINKING)
    signed = [part for part in heard.parts if part.function_call and part.thought_signature]
    equal(len(signed), 1, heard.parts)
    contents += [heard.content(), results(heard, "3")]
    equal(send(streamed, contents, tools=TOOLS, thinking_config=THINKING).text(), "proof intact, 3")


@feature
def thinking_is_asked_for(upstream):
    if upstream == "openai":
        raise NotOffered("models that are not OpenAI's own think without being told")
    equal(send(False, [user("effort")], thinking_config=THINKING).text(), "told to think")


@both
def stop_sequences(upstream, streamed):
    if upstream == "openai-responses":
        raise NotOffered("no stop sequences in Responses")
    heard = send(streamed, [user("stop")], stop_sequences=["END"])
    equal((heard.text(), heard.reason), ("up to", types.FinishReason.STOP))


@both
def the_limit_of_tokens(upstream, streamed):
    heard = send(streamed, [user("length")])
    equal((heard.text(), heard.reason), ("So far", types.FinishReason.MAX_TOKENS))


@feature
def sampling(upstream):
    expected = "0.5, 77" if upstream != "openai-responses" else "None, 77"
    equal(send(False, [user("sampling")], temperature=0.5, max_output_tokens=77).text(), expected)


@feature
def structured_output(upstream):
    for schema in ({"response_json_schema": ANSWER}, {"response_schema": {"type": "OBJECT", "properties": {"answer": {"type": "INTEGER"}}}}):
        heard = send(False, [user("schema")], response_mime_type="application/json", **schema)
        equal(heard.text(), '{"answer":42}')


@both
def too_many_requests(upstream, streamed):
    error = raises(errors.ClientError, lambda: send(streamed, [user("limit")]))
    equal((error.code, error.status), (429, "RESOURCE_EXHAUSTED"))
    assert "slow down" in error.message, error.message


@feature
def other_errors(upstream):
    error = raises(errors.ClientError, lambda: send(False, [user("bad")]))
    equal((error.code, error.status), (400, "INVALID_ARGUMENT"))
    assert "no such thing" in error.message, error.message
    equal(raises(errors.ClientError, lambda: send(False, [user("missing")])).code, 404)
    assert raises(errors.ServerError, lambda: send(False, [user("server")])).code >= 500


@feature
def an_own_error(upstream):
    """One that the gateway finds itself, before any upstream is asked."""
    error = raises(errors.ClientError, lambda: send(False, [types.Content(role="user", parts=[])]))
    equal((error.code, error.status), (400, "INVALID_ARGUMENT"))


@feature
def an_error_in_the_stream(upstream):
    for scene in ("break", "reset"):
        try:
            heard = send(True, [user(scene)])
        except Exception:
            # A broken connection is one of the HTTP library's own exceptions.
            continue
        assert heard.reason is None, f"a broken stream looks finished: {heard.text()} {heard.reason}"


if __name__ == "__main__":
    main()
