"""The `openai` package's Responses against an upstream of any format."""

import json
import sys

import openai

from features import ADD, ANSWER, PNG, TEXT, THOUGHT, NotOffered, both, equal, feature, main, raises

CLIENT = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="made-up", max_retries=0, timeout=30)
TOOLS = [{"type": "function", "name": "add", "description": "Adds two numbers.", "parameters": ADD, "strict": False}]
REASONING = {"reasoning": {"effort": "high", "summary": "auto"}, "include": ["reasoning.encrypted_content"], "store": False}


def user(content):
    return {"type": "message", "role": "user", "content": content}


def send(streamed, items, **more):
    request = {"model": "gpt-test", "input": items} | more
    if not streamed:
        return CLIENT.responses.create(**request)
    with CLIENT.responses.stream(**request) as events:
        cut = None
        for event in events:
            # The package only knows `response.completed` as an end; OpenAI itself ends such an answer with this one.
            cut = event.response if event.type == "response.incomplete" else cut
        return cut or events.get_final_response()


def kinds(response):
    return [item.type for item in response.output]


def back(response):
    """The output as the next turn's input; what only the package itself adds does not go out."""
    items = [item.model_dump(exclude_none=True) for item in response.output]
    for item in items:
        item.pop("parsed_arguments", None)
    return items


def results(response, *outputs):
    calls = [item for item in response.output if item.type == "function_call"]
    equal(len(calls), len(outputs), response)
    return [
        {"type": "function_call_output", "call_id": call.call_id, "output": output}
        for call, output in zip(calls, outputs, strict=True)
    ]


@both
def plain(upstream, streamed):
    response = send(streamed, [user("text")])
    equal((kinds(response), response.output_text), (["message"], TEXT))
    equal((response.status, response.model, response.object), ("completed", "gpt-test", "response"))


@feature
def a_string_as_input(upstream):
    equal(send(False, "text").output_text, TEXT)


@feature
def pieces_as_they_come(upstream):
    events = list(CLIENT.responses.create(model="gpt-test", input="text", stream=True))
    pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
    equal(pieces, ["Hello, ", "wörld ", "🦀."])
    equal([event.sequence_number for event in events], list(range(len(events))))
    equal((events[0].type, events[-1].type), ("response.created", "response.completed"))


@both
def usage(upstream, streamed):
    seen = send(streamed, [user("text")]).usage
    equal((seen.input_tokens, seen.output_tokens, seen.total_tokens), (20, 5, 25))
    equal(seen.input_tokens_details.cached_tokens, 7)


@both
def system(upstream, streamed):
    equal(send(streamed, [user("system")], instructions="Be brief.").output_text, "Be brief.")
    developer = {"type": "message", "role": "developer", "content": "Be brief."}
    equal(send(streamed, [developer, user("system")]).output_text, "Be brief.")


@both
def tools(upstream, streamed):
    items = [user("tool")]
    response = send(streamed, items, tools=TOOLS)
    equal(kinds(response), ["function_call"])
    call = response.output[0]
    equal((call.name, json.loads(call.arguments)), ("add", {"a": 1, "b": 2}))
    equal(send(streamed, items + back(response) + results(response, "3"), tools=TOOLS).output_text, "3")


@both
def parallel_tools(upstream, streamed):
    items = [user("parallel")]
    response = send(streamed, items, tools=TOOLS)
    equal(kinds(response), ["message", "function_call", "function_call"])
    arguments = [json.loads(call.arguments) for call in response.output[1:]]
    equal(arguments, [{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    answers = list(reversed(results(response, "3", "7")))
    equal(send(streamed, items + back(response) + answers, tools=TOOLS).output_text, "3 and 7")


@feature
def tool_choice(upstream):
    one = {"type": "function", "name": "add"}
    for choice, expected in [(one, "add"), ("required", "any"), ("none", "none"), ("auto", "not forced")]:
        equal(send(False, [user("force")], tools=TOOLS, tool_choice=choice).output_text, expected)


@both
def images(upstream, streamed):
    image = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"}
    response = send(streamed, [user([{"type": "input_text", "text": "image"}, image])])
    equal(response.output_text, f"image/png {PNG}")


@both
def reasoning(upstream, streamed):
    response = send(streamed, [user("thinking")], **REASONING)
    equal((kinds(response), response.output_text), (["reasoning", "message"], "It is 3."))
    thought = response.output[0]
    shown = "".join(part.text for part in (thought.summary or []) + (thought.content or []))
    equal(shown, THOUGHT)


@both
def reasoning_in_the_next_turn(upstream, streamed):
    """Everything goes back as it came, with the result of the call."""
    items = [user("thinking-tool")]
    response = send(streamed, items, tools=TOOLS, **REASONING)
    equal(kinds(response), ["reasoning", "function_call"])
    items += back(response) + results(response, "3")
    equal(send(streamed, items, tools=TOOLS, **REASONING).output_text, "proof intact, 3")


@feature
def reasoning_is_asked_for(upstream):
    if upstream == "openai":
        raise NotOffered("models that are not OpenAI's own think without being told")
    equal(send(False, [user("effort")], **REASONING).output_text, "told to think")


@both
def the_limit_of_tokens(upstream, streamed):
    response = send(streamed, [user("length")])
    equal((response.output_text, response.status), ("So far", "incomplete"))
    equal(response.incomplete_details.reason, "max_output_tokens")


@feature
def sampling(upstream):
    expected = "0.5, 77" if upstream != "openai-responses" else None
    seen = send(False, [user("sampling")], temperature=0.5, max_output_tokens=77).output_text
    # The same format on both sides: it goes as it is.
    assert seen == expected or (expected is None and seen.endswith(", 77")), seen


@feature
def structured_output(upstream):
    form = {"format": {"type": "json_schema", "name": "answer", "schema": ANSWER, "strict": True}}
    equal(send(False, [user("schema")], text=form).output_text, '{"answer":42}')


@both
def too_many_requests(upstream, streamed):
    error = raises(openai.RateLimitError, lambda: send(streamed, [user("limit")]))
    assert "slow down" in error.message, error.message
    equal(error.response.headers.get("retry-after"), "7")


@feature
def other_errors(upstream):
    error = raises(openai.BadRequestError, lambda: send(False, [user("bad")]))
    assert "no such thing" in error.message, error.message
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
            events = list(CLIENT.responses.create(model="gpt-test", input=scene, stream=True))
        except openai.APIError:
            continue
        # `response.failed` is an event like others for the package.
        assert events[-1].type in ("response.failed", "error"), [event.type for event in events]


if __name__ == "__main__":
    main()
