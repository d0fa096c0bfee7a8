"""The `anthropic` package against an upstream of any format."""

import sys

import anthropic

from features import ADD, ANSWER, PNG, TEXT, THOUGHT, NotOffered, both, equal, feature, main, raises

CLIENT = anthropic.Anthropic(base_url=sys.argv[1], api_key="made-up", max_retries=0, timeout=30)
TOOLS = [{"name": "add", "description": "Adds two numbers.", "input_schema": ADD}]
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 2048}, "max_tokens": 8000}


def user(*content):
    return {"role": "user", "content": content[0] if isinstance(content[0], str) else list(content)}


def send(streamed, messages, **more):
    request = {"model": "claude-test", "max_tokens": 100, "messages": messages} | more
    if not streamed:
        return CLIENT.messages.create(**request)
    with CLIENT.messages.stream(**request) as events:
        return events.get_final_message()


def kinds(message):
    return [block.type for block in message.content]


def text(message):
    return "".join(block.text for block in message.content if block.type == "text")


def results(message, *contents):
    calls = [block for block in message.content if block.type == "tool_use"]
    equal(len(calls), len(contents), message)
    pairs = zip(calls, contents, strict=True)
    return [{"type": "tool_result", "tool_use_id": call.id, "content": content} for call, content in pairs]


@both
def plain(upstream, streamed):
    message = send(streamed, [user("text")])
    equal((kinds(message), text(message)), (["text"], TEXT))
    equal((message.model, message.stop_reason), ("claude-test", "end_turn"))


@feature
def pieces_as_they_come(upstream):
    with CLIENT.messages.stream(model="claude-test", max_tokens=100, messages=[user("text")]) as events:
        equal(list(events.text_stream), ["Hello, ", "wörld ", "🦀."])


@both
def usage(upstream, streamed):
    seen = send(streamed, [user("text")]).usage
    equal((seen.input_tokens, seen.cache_read_input_tokens, seen.output_tokens), (13, 7, 5))


@both
def system(upstream, streamed):
    blocks = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    equal(text(send(streamed, [user("system")], system=blocks)), "Be brief.")


@both
def tools(upstream, streamed):
    messages = [user("tool")]
    message = send(streamed, messages, tools=TOOLS)
    equal((kinds(message), message.stop_reason), (["tool_use"], "tool_use"))
    equal((message.content[0].name, message.content[0].input), ("add", {"a": 1, "b": 2}))
    messages += [{"role": "assistant", "content": message.content}, user(*results(message, "3"), {"type": "text", "text": "go on"})]
    equal(text(send(streamed, messages, tools=TOOLS)), "3")


@both
def parallel_tools(upstream, streamed):
    messages = [user("parallel")]
    message = send(streamed, messages, tools=TOOLS)
    equal(kinds(message), ["text", "tool_use", "tool_use"])
    equal([call.input for call in message.content[1:]], [{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    # In the wrong order on purpose: it is the id that says which result belongs to which call.
    answer = list(reversed(results(message, "3", [{"type": "text", "text": "7"}])))
    messages += [{"role": "assistant", "content": message.content}, user(*answer)]
    equal(text(send(streamed, messages, tools=TOOLS)), "3 and 7")


@feature
def tool_choice(upstream):
    for choice, expected in [
        ({"type": "tool", "name": "add"}, "add"),
        ({"type": "any"}, "any"),
        ({"type": "none"}, "none"),
        ({"type": "auto"}, "not forced"),
    ]:
        equal(text(send(False, [user("force")], tools=TOOLS, tool_choice=choice)), expected)


@both
def images(upstream, streamed):
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    message = send(streamed, [user({"type": "text", "text": "image"}, image)])
    equal(text(message), f"image/png {PNG}")


@feature
def images_in_results(upstream):
    messages = [user("tool")]
    message = send(False, messages, tools=TOOLS)
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    answer = results(message, [{"type": "text", "text": "see:"}, image])
    messages += [{"role": "assistant", "content": message.content}, user(*answer, {"type": "text", "text": "show"})]
    last = text(send(False, messages, tools=TOOLS))
    # Formats without pictures in results say in the result where the picture is.
    assert last.startswith("see:") and last.endswith(f" with image/png {PNG}"), last


@both
def thinking(upstream, streamed):
    message = send(streamed, [user("thinking")], **THINKING)
    equal(kinds(message), ["thinking", "text"])
    equal(message.content[0].thinking, THOUGHT)
    assert message.content[0].signature, message
    equal(message.usage.output_tokens, 5)


@both
def thinking_in_the_next_turn(upstream, streamed):
    """Reasoning that led to a call goes back with the call's result, in the upstream's own form."""
    if upstream == "litellm-anthropic":
        raise NotOffered("litellm has signatures in a field of its own")
    messages = [user("thinking-tool")]
    message = send(streamed, messages, tools=TOOLS, **THINKING)
    equal(kinds(message), ["thinking", "tool_use"])
    messages += [{"role": "assistant", "content": message.content}, user(*results(message, "3"))]
    equal(text(send(streamed, messages, tools=TOOLS, **THINKING)), "proof intact, 3")


@feature
def thinking_is_asked_for(upstream):
    if upstream in ("openai", "azure-openai") or upstream.startswith("litellm"):
        raise NotOffered("models that are not OpenAI's own think without being told")
    equal(text(send(False, [user("effort")], **THINKING)), "told to think")


@both
def stop_sequences(upstream, streamed):
    if upstream == "openai-responses":
        raise NotOffered("no stop sequences in Responses")
    message = send(streamed, [user("stop")], stop_sequences=["END"])
    equal(text(message), "up to")
    # Only Claude says what stopped it.
    claude = upstream in ("anthropic", "vertex-claude", "bedrock")
    expected = ("stop_sequence", "END") if claude else ("end_turn", None)
    equal((message.stop_reason, message.stop_sequence), expected)


@feature
def what_is_left_out_is_named(upstream):
    request = {"model": "claude-test", "max_tokens": 100, "messages": [user("text")], "stop_sequences": ["END"]}
    answer = CLIENT.messages.with_raw_response.create(**request, extra_body={"top_k": 5})
    left_out = {"openai-responses": "stop_sequences, top_k"}
    left_out |= dict.fromkeys(["anthropic", "gemini", "vertex-gemini", "vertex-claude", "bedrock"], "")
    seen = sorted(answer.headers.get("x-ccr-dropped", "").replace(",", " ").split())
    equal(", ".join(seen), left_out.get(upstream, "top_k"))


@both
def the_limit_of_tokens(upstream, streamed):
    message = send(streamed, [user("length")])
    equal((text(message), message.stop_reason), ("So far", "max_tokens"))


@feature
def sampling(upstream):
    expected = "0.5, 77" if upstream != "openai-responses" else "None, 77"
    equal(text(send(False, [user("sampling")], extra_body={"temperature": 0.5}, max_tokens=77)), expected)


@feature
def structured_output(upstream):
    config = {"format": {"type": "json_schema", "schema": ANSWER}}
    equal(text(send(False, [user("schema")], output_config=config)), '{"answer":42}')


def error(scene, kind, expected, streamed=False):
    seen = raises(kind, lambda: send(streamed, [user(scene)]))
    equal((seen.status_code, seen.body["error"]["type"]), expected, seen.body)
    return seen


@both
def too_many_requests(upstream, streamed):
    seen = error("limit", anthropic.RateLimitError, (429, "rate_limit_error"), streamed)
    assert "slow down" in seen.body["error"]["message"], seen.body
    # litellm keeps it to itself.
    if not upstream.startswith("litellm"):
        equal(seen.response.headers.get("retry-after"), "7")


@feature
def other_errors(upstream):
    seen = error("bad", anthropic.BadRequestError, (400, "invalid_request_error"))
    assert "no such thing" in seen.body["error"]["message"], seen.body
    error("missing", anthropic.NotFoundError, (404, "not_found_error"))
    seen = raises(anthropic.InternalServerError, lambda: send(False, [user("server")]))
    equal(seen.body["error"]["type"], "api_error")


@feature
def an_error_in_the_stream(upstream):
    for scene in ("break", "reset"):
        pieces = []

        def listen():
            with CLIENT.messages.stream(model="claude-test", max_tokens=100, messages=[user(scene)]) as events:
                for piece in events.text_stream:
                    pieces.append(piece)

        try:
            listen()
        except anthropic.APIError:
            # An error right behind the first words may come before them: then nothing was sent and others can be tried.
            assert pieces in ([], ["So far"]), pieces
        else:
            raise AssertionError("a broken stream looks finished")


@feature
def an_error_first_in_the_stream(upstream):
    try:
        send(True, [user("broken")])
    except anthropic.APIStatusError as seen:
        # Nothing was sent yet, so that it can be a status, which clients try again.
        assert seen.status_code >= 500, seen
    else:
        raise AssertionError("a broken stream looks finished")


if __name__ == "__main__":
    main()
