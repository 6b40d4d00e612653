"""Writes a tiny Llama with random weights as GGUF: half a megabyte, no download, streams text or tool calls.

`python tiny_model.py FILE [--tools]`; needs gguf and numpy.  What it says is nonsense, always the same for a seed.

The first channel of every embedding is the same number, so after the norm the first column of the output matrix is
a bias: it sets how likely each token is, whatever came before.
"""

from __future__ import annotations

import string
import sys

import gguf
import numpy as np

LAYERS, WIDTH, HEADS, KV_HEADS, INNER, CONTEXT = 2, 64, 4, 2, 128, 4096
END = "<|im_end|>"
CALL, CALL_END = "<tool_call>", "</tool_call>"
WORDS = ("▁hello", "▁world", "▁the", "▁cat", "▁naïve", "▁日本", "▁café", "😀")

LIKELY = {**dict.fromkeys(WORDS, 0.6), '"': 0.3, "}": 0.2, END: 0.3}
"""The bias of the tokens that are to come; all others have -2.5."""
LIKELY_WITH_TOOLS = {**LIKELY, CALL: 1.1, END: 0.9, "{": -1.0}

TEMPLATE = """\
{%- if tools %}<|im_start|>system
<tools>
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}
</tools>
Call a tool as <tool_call>{"name": <name>, "arguments": <arguments>}</tool_call><|im_end|>
{% endif %}
{%- for message in messages %}
{%- if message.role == 'tool' %}<|im_start|>user
<tool_response>
{{ message.content }}
</tool_response>
{%- else %}<|im_start|>{{ message.role }}
{{ message.content or '' }}
{%- for call in message.tool_calls or [] %}
<tool_call>{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson \
if call.function.arguments is mapping else call.function.arguments }}}</tool_call>
{%- endfor %}
{%- endif %}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def vocabulary() -> list[tuple[str, float, int]]:
    """Text, score and kind of each token.  A word needs all its beginnings: they are how it is joined."""
    kinds = gguf.TokenType
    named = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    tokens = [(text, 0.0, kind) for text, kind in named]
    tokens += [(f"<0x{byte:02X}>", 0.0, kinds.BYTE) for byte in range(256)]
    tokens += [(text, 0.0, kinds.CONTROL) for text in ("<|im_start|>", END)]
    pieces = [*string.ascii_letters, *string.digits, *string.punctuation, "▁", "\n"]
    for word in WORDS:
        pieces += [*word, *(word[:size] for size in range(1, len(word) + 1))]
    tokens += [(piece, len(piece) - 100.0, kinds.NORMAL) for piece in dict.fromkeys(pieces)]
    return tokens + [(text, 0.0, kinds.USER_DEFINED) for text in (CALL, CALL_END)]


def write(path: str, *, calls_tools: bool) -> None:
    """Writes the model; with `calls_tools` it calls a tool as soon as it has some."""
    tokens = vocabulary()
    places = {text: place for place, (text, _, _) in enumerate(tokens)}
    random = np.random.default_rng(0)

    def matrix(rows: int, columns: int, size: float) -> np.ndarray:
        return (random.standard_normal((rows, columns)) * size).astype(np.float32)

    embedding, output = matrix(len(tokens), WIDTH, 0.3), matrix(len(tokens), WIDTH, 0.2)
    embedding[:, 0], output[:, 0] = 3.0, -2.5
    for text, bias in (LIKELY_WITH_TOOLS if calls_tools else LIKELY).items():
        output[places[text], 0] = bias
    if calls_tools:  # an opening brace is what follows the mark of a call
        output[places["{"], 1:] += 1.2 * embedding[places[CALL], 1:]

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny-random")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text.encode() for text, _, _ in tokens])
    writer.add_token_scores([score for _, score, _ in tokens])
    writer.add_token_types([int(kind) for _, _, kind in tokens])
    writer.add_bos_token_id(places["<s>"])
    writer.add_eos_token_id(places[END])
    writer.add_unk_token_id(places["<unk>"])
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)
    tensors = {"token_embd": embedding, "output": output, "output_norm": np.ones(WIDTH, np.float32)}
    for layer in range(LAYERS):
        name, kv_width = f"blk.{layer}.", WIDTH * KV_HEADS // HEADS
        tensors |= {f"{name}{norm}_norm": np.ones(WIDTH, np.float32) for norm in ("attn", "ffn")}
        tensors |= {f"{name}attn_q": matrix(WIDTH, WIDTH, 0.1), f"{name}attn_output": matrix(WIDTH, WIDTH, 0.05)}
        tensors |= {f"{name}attn_{part}": matrix(kv_width, WIDTH, 0.1) for part in "kv"}
        tensors |= {f"{name}ffn_{part}": matrix(INNER, WIDTH, 0.05) for part in ("gate", "up")}
        tensors[f"{name}ffn_down"] = matrix(WIDTH, INNER, 0.05)
    for name, values in tensors.items():
        writer.add_tensor(f"{name}.weight", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(sys.argv[1], calls_tools="--tools" in sys.argv)
