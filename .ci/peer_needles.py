"""Makes the contexts of a single needle at eleven depths of a length the way
OpenCompass does, with tiktoken: for each sample it shuffles the texts,
tokenises them in turn until there is enough, puts the needle's tokens in, and
decodes the whole. Prints seconds and the peak memory in MiB of each length.

Usage: peer_needles.py FOLDER_OF_TEXTS CL100K_BASE_FILE LENGTH...
FOLDER_OF_TEXTS holds .txt files; where they are too few for a length they are
taken several times over. One length a process gives its own peak."""
import glob
import random
import resource
import sys
import time

import tiktoken
from tiktoken.load import load_tiktoken_bpe
from tiktoken_ext import openai_public

folder, vocabulary, *lengths = sys.argv[1:]
openai_public.load_tiktoken_bpe = lambda *_, **__: load_tiktoken_bpe(vocabulary)
encoding = tiktoken.Encoding(**openai_public.cl100k_base())
texts = []
for name in sorted(glob.glob(f"{folder}/*.txt")):
    with open(name, encoding="utf-8") as f:
        texts.append(f.read())
size = sum(len(t) for t in texts)
needle = encoding.encode("\nThe watchman wrote down the password of Tolv-Umbrey: amber-grotto.\n")
encoding.encode(texts[0])  # the first call builds tables

for length in map(int, lengths):
    began = time.perf_counter()
    total = 0
    for depth in range(0, 101, 10):
        order = texts * (1 + 6 * length // size)
        random.Random(0).shuffle(order)
        wanted = length - len(needle)
        tokens = []
        for text in order:
            tokens.extend(encoding.encode(text, disallowed_special=()))
            if len(tokens) >= wanted:
                break
        at = int(wanted * depth / 100)
        context = encoding.decode(tokens[:at] + needle + tokens[at:wanted])
        total += len(context)
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  tiktoken {tiktoken.__version__}, {length} tokens: {took:.2f} s for 11 contexts of {total / 11e6:.2f} MB each, {peak:.0f} MiB at the peak")
