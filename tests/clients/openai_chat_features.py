"""The `openai` package's Chat Completions against an upstream of any format."""

import json
import sys

import openai

from features import ADD, ANSWER, PNG, TEXT, THOUGHT, NotOffered, both, equal, feature, main, raises

CLIENT = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="made-up", max_retries=0, timeout=30)
TOOLS = [{"type": "function", "function": {"name": "add", "description": "Adds two numbers.", "parameters": ADD}}]


def user(content):
    return {"role": "user", "content": content}


class Heard:
    """A streamed answer put together as programs do that use the package's chunks."""

    def __init__(self, chunks):
        self.pieces, self.reasoning, self.calls = [], "", {}
        self.finish_reason = self.usage = self.model = None
        self.extra = {}
        for chunk in chunks:
            self.model = chunk.model
            self.usage = chunk.usage or self.usage
            for choice in chunk.choices:
                self.take(choice)

    def take(self, choice):
        assert choice.index == 0, choice
        self.finish_reason = choice.finish_reason or self.finish_reason
        delta = choice.delta
        if delta.content:
            self.pieces.append(delta.content)
        for name, value in (delta.model_extra or {}).items():
            if isinstance(value, str):
                self.extra[name] = self.extra.get(name, "") + value
            elif isinstance(value, list):
                self.extra.setdefault(name, []).extend(value)
        for call in delta.tool_calls or []:
            known = self.calls.setdefault(call.index, {"id": call.id, "name": "", "arguments": ""})
            known["name"] += call.function.name or ""
            known["arguments"] += call.function.arguments or ""

    def message(self):
        message = {"role": "assistant", "content": "".join(self.pieces) or None} | self.extra
        if self.calls:
            function = lambda call: {"name": call["name"], "arguments": call["arguments"]}
            message["tool_calls"] = [
                {"id": call["id"], "type": "function", "function": function(call)} for call in self.calls.values()
            ]
        return message


def send(streamed, messages, **more):
    """The message as it goes back into the history, why it ended, and its usage."""
    request = {"model": "gpt-test", "messages": messages} | more
    if streamed:
        heard = Heard(CLIENT.chat.completions.create(stream=True, stream_options={"include_usage": True}, **request))
        equal(heard.model, "gpt-test")
        return heard.message(), heard.finish_reason, heard.usage
    whole = CLIENT.chat.completions.create(**request)
    equal((whole.object, whole.model, len(whole.choices)), ("chat.completion", "gpt-test", 1))
    choice = whole.choices[0]
    return choice.message.model_dump(exclude_none=True), choice.finish_reason, whole.usage


def text(streamed, messages, **more):
    return send(streamed, messages, **more)[0].get("content")


def results(message, *contents):
    calls = message["tool_calls"]
    equal(len(calls), len(contents), message)
    return [
        {"role": "tool", "tool_call_id": call["id"], "content": content}
        for call, content in zip(calls, contents, strict=True)
    ]


@both
def plain(upstream, streamed):
    message, reason, _ = send(streamed, [user("text")])
    equal((message["content"], message["role"], reason), (TEXT, "assistant", "stop"))


@feature
def pieces_as_they_come(upstream):
    heard = Heard(CLIENT.chat.completions.create(stream=True, model="gpt-test", messages=[user("text")]))
    equal(heard.pieces, ["Hello, ", "wörld ", "🦀."])
    equal(heard.usage, None)


@both
def usage(upstream, streamed):
    seen = send(streamed, [user("text")])[2]
    equal((seen.prompt_tokens, seen.completion_tokens, seen.total_tokens), (20, 5, 25))
    equal(seen.prompt_tokens_details.cached_tokens, 7)


@both
def system(upstream, streamed):
    for role in ("system", "developer"):
        equal(text(streamed, [{"role": role, "content": "Be brief."}, user("system")]), "Be brief.")


@both
def tools(upstream, streamed):
    messages = [user("tool")]
    message, reason, _ = send(streamed, messages, tools=TOOLS)
    equal((reason, len(message["tool_calls"])), ("tool_calls", 1))
    function = message["tool_calls"][0]["function"]
    equal((function["name"], json.loads(function["arguments"])), ("add", {"a": 1, "b": 2}))
    equal(text(streamed, messages + [message] + results(message, "3"), tools=TOOLS), "3")


@both
def parallel_tools(upstream, streamed):
    messages = [user("parallel")]
    message, reason, _ = send(streamed, messages, tools=TOOLS)
    equal((reason, message["content"]), ("tool_calls", "Both."))
    arguments = [json.loads(call["function"]["arguments"]) for call in message["tool_calls"]]
    equal(arguments, [{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    # In the wrong order on purpose: it is the id that says which result belongs to which call.
    answers = list(reversed(results(message, "3", "7")))
    equal(text(streamed, messages + [message] + answers, tools=TOOLS), "3 and 7")


@feature
def tool_choice(upstream):
    one = {"type": "function", "function": {"name": "add"}}
    for choice, expected in [(one, "add"), ("required", "any"), ("none", "none"), ("auto", "not forced")]:
        equal(text(False, [user("force")], tools=TOOLS, tool_choice=choice), expected)


@both
def images(upstream, streamed):
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    equal(text(streamed, [user([{"type": "text", "text": "image"}, image])]), f"image/png {PNG}")


@both
def reasoning(upstream, streamed):
    message = send(streamed, [user("thinking")], reasoning_effort="high")[0]
    equal((message["content"], message.get("reasoning_content")), ("It is 3.", THOUGHT), message)


@both
def reasoning_in_the_next_turn(upstream, streamed):
    """The message goes back as it came, with the result of its call."""
    messages = [user("thinking-tool")]
    message = send(streamed, messages, tools=TOOLS, reasoning_effort="high")[0]
    messages += [message] + results(message, "3")
    equal(text(streamed, messages, tools=TOOLS, reasoning_effort="high"), "proof intact, 3")


@feature
def reasoning_is_asked_for(upstream):
    if upstream == "openai":
        raise NotOffered("models that are not OpenAI's own think without being told")
    equal(text(False, [user("effort")], reasoning_effort="high"), "told to think")


@both
def stop_sequences(upstream, streamed):
    if upstream == "openai-responses":
        raise NotOffered("no stop sequences in Responses")
    message, reason, _ = send(streamed, [user("stop")], stop="END")
    equal((message["content"], reason), ("up to", "stop"))


@both
def the_limit_of_tokens(upstream, streamed):
    message, reason, _ = send(streamed, [user("length")])
    equal((message["content"], reason), ("So far", "length"))


@feature
def sampling(upstream):
    expected = "0.5, 77" if upstream != "openai-responses" else "None, 77"
    for limit in ("max_tokens", "max_completion_tokens"):
        equal(text(False, [user("sampling")], temperature=0.5, **{limit: 77}), expected)


@feature
def structured_output(upstream):
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": ANSWER, "strict": True}}
    equal(text(False, [user("schema")], response_format=form), '{"answer":42}')


@both
def too_many_requests(upstream, streamed):
    error = raises(openai.RateLimitError, lambda: send(streamed, [user("limit")]))
    assert "slow down" in error.message, error.message
    equal(error.response.headers.get("retry-after"), "7")


@feature
def other_errors(upstream):
    error = raises(openai.BadRequestError, lambda: send(False, [user("bad")]))
    assert "no such thing" in error.message, error.message
    equal(error.type, "invalid_request_error")
    raises(openai.NotFoundError, lambda: send(False, [user("missing")]))
    raises(openai.InternalServerError, lambda: send(False, [user("server")]))


@feature
def an_own_error(upstream):
    """One that the gateway finds itself, before any upstream is asked."""
    error = raises(openai.BadRequestError, lambda: send(False, []))
    assert error.message and error.type == "invalid_request_error", error.body


@feature
def an_error_in_the_stream(upstream):
    for scene in ("break", "reset"):
        try:
            heard = Heard(CLIENT.chat.completions.create(stream=True, model="gpt-test", messages=[user(scene)]))
        except openai.APIError:
            continue
        raise AssertionError(f"a broken stream looks finished: {heard.pieces} {heard.finish_reason}")


@feature
def models(upstream):
    names = [model.id for model in CLIENT.models.list()]
    assert len(names) == 1 and names[0].startswith("up,"), names
    equal(CLIENT.models.retrieve(names[0]).id, names[0])


if __name__ == "__main__":
    main()
