"""Asks lcbench serve, with the built-in model and a window of 2000 tokens, as OpenAI's client does."""
import sys

try:
    import openai
except ImportError as e:
    print(e)
    sys.exit(77)  # the test knows it

client = openai.OpenAI(base_url=sys.argv[1], api_key="none", max_retries=0)
TOWNS = "Bergen 1070, Oslo 1040, Molde 1742, Hamar 1049, Bodø 1816, Vadsø 1833, Narvik 1902, Moss 1720. Where is "


def same(what, got, want):
    if got != want:
        sys.exit(f"{what}: got {got!r}, want {want!r}")


def turns(text):
    return [{"role": "system", "content": "Answer."}, {"role": "user", "content": text}]


same("models", [m.id for m in client.models.list()], ["induction"])

first = client.chat.completions.create(model="local:induction", messages=turns(TOWNS + "Hamar"), temperature=0)
same("chat", first.choices[0].message.content, "1049")
same("chat's end", first.choices[0].finish_reason, "stop")
same("chat's tokens", (first.usage.prompt_tokens, first.usage.completion_tokens), (29, 1))
same("cached at first", first.usage.prompt_tokens_details.cached_tokens, 0)
again = client.chat.completions.create(model="local:induction", messages=turns(TOWNS + "Bodø"), temperature=0, logprobs=True)
same("chat again", again.choices[0].message.content, "1816")
same("cached again", 10 < again.usage.prompt_tokens_details.cached_tokens < 29, True)
same("chat's log-probabilities", [t.token for t in again.choices[0].logprobs.content], ["1816"])

text, usage = "", None
for chunk in client.chat.completions.create(
    model="induction", messages=turns("a b c d e a"), temperature=0, max_tokens=4, stream=True,
    stream_options={"include_usage": True},
):
    text += "".join(c.delta.content or "" for c in chunk.choices)
    usage = chunk.usage or usage
same("stream", text, "b c d e")
same("stream's tokens", usage.completion_tokens, 4)

done = client.completions.create(model="induction", prompt="a b c d e a", temperature=0, max_tokens=3, logprobs=1, stop=" d")
same("completion", done.choices[0].text, "b c")
log = done.choices[0].logprobs
same("completion's tokens", log.tokens[:2], ["b", "c"])
same("completion's log-probabilities", all(-0.01 < p <= 0 for p in log.token_logprobs), True)

try:
    client.completions.create(model="induction", prompt=" ".join(f"w{i}" for i in range(2500)), max_tokens=5)
    sys.exit("a prompt longer than the window was answered")
except openai.BadRequestError as e:
    same("too long a prompt", e.code, "context_length_exceeded")
    same("its message", "maximum context length is 2000 tokens" in str(e), True)

try:
    client.chat.completions.create(model="gpt-9", messages=turns("a"))
    sys.exit("a model that isn't served answered")
except openai.NotFoundError as e:
    same("another model", e.code, "model_not_found")

print("ok")
