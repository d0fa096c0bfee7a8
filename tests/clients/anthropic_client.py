"""The official `anthropic` package against a gateway whose upstream is scripted.

Started by the Rust tests as `anthropic_client.py CASE URL`; an exception is a failed test. What the upstream answers is
decided there, and repeated here as what must come out.
"""

import asyncio
import sys

import anthropic

TEXT = "Hello, wörld 🦀."
MODEL = "claude-test"
TOOLS = [
    {
        "name": "add",
        "description": "Adds two numbers.",
        "input_schema": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
    }
]


def ask(text):
    return {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": text}]}


def check_message(message):
    assert [block.text for block in message.content] == [TEXT], message
    assert message.model == MODEL, message
    assert message.stop_reason == "end_turn", message
    assert message.id.startswith("msg_"), message
    assert message.usage.input_tokens == 13, message.usage
    assert message.usage.output_tokens == 5, message.usage
    assert message.usage.cache_read_input_tokens == 7, message.usage


def whole(url):
    client = anthropic.Anthropic(base_url=url, api_key="made-up", max_retries=0)
    message = client.messages.create(**ask("text"))
    check_message(message)
    assert message._request_id, "no request id in the headers"


def stream(url):
    client = anthropic.Anthropic(base_url=url, api_key="made-up", max_retries=0)
    with client.messages.stream(**ask("text")) as events:
        pieces = list(events.text_stream)
        message = events.get_final_message()
    assert len(pieces) > 1 and "".join(pieces) == TEXT, pieces
    check_message(message)


def tools(url):
    """Two calls in one answer, their results sent back, a final text; streamed and not."""
    client = anthropic.Anthropic(base_url=url, auth_token="made-up", api_key=None, max_retries=0)
    for streamed in (False, True):
        request = ask("tools") | {"tools": TOOLS}
        if streamed:
            with client.messages.stream(**request) as events:
                first = events.get_final_message()
        else:
            first = client.messages.create(**request)
        assert first.stop_reason == "tool_use", first
        calls = [block for block in first.content if block.type == "tool_use"]
        assert [(call.name, call.input) for call in calls] == [
            ("add", {"a": 1, "b": 2}),
            ("add", {"a": 3, "b": 4}),
        ], calls
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": str(call.input["a"] + call.input["b"])}
            for call in calls
        ]
        request["messages"] += [
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": results},
        ]
        last = client.messages.create(**request)
        assert last.content[0].text == "3 and 7", last


def errors(url):
    client = anthropic.Anthropic(base_url=url, api_key="made-up", max_retries=0)
    try:
        client.messages.create(**ask("limit"))
    except anthropic.RateLimitError as error:
        assert error.status_code == 429, error
        assert error.body["error"]["type"] == "rate_limit_error", error.body
        assert error.response.headers["retry-after"] == "7", error.response.headers
    else:
        raise AssertionError("no RateLimitError")
    try:
        client.messages.create(model=MODEL, max_tokens=1, messages=[])
    except anthropic.BadRequestError as error:
        assert error.body["error"]["type"] == "invalid_request_error", error.body
    else:
        raise AssertionError("no BadRequestError")
    try:
        with client.messages.stream(**ask("break")) as events:
            list(events)
    except anthropic.APIError:
        pass
    else:
        raise AssertionError("a broken stream looks finished")


def retries(url):
    """Overloaded once, then well: the package's own retry gets the answer."""
    client = anthropic.Anthropic(base_url=url, api_key="made-up", max_retries=2)
    check_message(client.messages.create(**ask("flaky")))


def runner(url):
    """The package's own loop: it begins with a thread, is told that there are none, and goes on without."""

    @anthropic.beta_tool
    def add(a: int, b: int) -> str:
        """Adds two numbers."""
        return str(a + b)

    client = anthropic.Anthropic(base_url=url, api_key="made-up", max_retries=0)
    last = client.beta.messages.tool_runner(**ask("tools"), tools=[add]).until_done()
    assert last.content[0].text == "3 and 7", last


def models(url):
    client = anthropic.Anthropic(base_url=url, api_key="made-up", max_retries=0)
    assert [model.id for model in client.models.list()] == ["up,m"]
    assert client.models.retrieve("up,m").id == "up,m"


def parallel(url):
    """Twenty at once, half of them streamed, on one client."""

    async def one(client, index):
        if index % 2:
            check_message(await client.messages.create(**ask("text")))
            return
        async with client.messages.stream(**ask("text")) as events:
            check_message(await events.get_final_message())

    async def all_of_them():
        async with anthropic.AsyncAnthropic(base_url=url, api_key="made-up", max_retries=0) as client:
            await asyncio.gather(*(one(client, index) for index in range(20)))

    asyncio.run(all_of_them())


CASES = {case.__name__: case for case in (whole, stream, tools, errors, retries, runner, models, parallel)}

if __name__ == "__main__":
    CASES[sys.argv[1]](sys.argv[2])
