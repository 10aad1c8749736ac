"""Speed and memory of lcbench's in-process models beside llama.cpp's, which
llama-cpp-python 0.3.36 brings, on the same weights and threads.

Usage: peer_llama.py LCBENCH MODELS PROSE [NAME=LENGTH,LENGTH...]...

Each figure comes from a process of its own; the two tools take turns, twice,
and each one's better time counts. llama.cpp is timed inside its eval calls
alone, without the copying of logits and the sampling of its Python binding.
"""
import json
import os
import subprocess
import sys

THREADS = 2
DECODED = 48


def llama(weights, prose, length):
    """The child: prints one JSON object."""
    import resource
    import time

    from llama_cpp import Llama

    m = Llama(model_path=weights, n_ctx=length + 64, n_threads=THREADS, n_threads_batch=THREADS, flash_attn=True, verbose=False)
    with open(prose, encoding="utf-8") as f:
        ids = m.tokenize(f.read().encode())[:length]
    start = time.perf_counter()
    m.eval(ids)
    prefill = time.perf_counter() - start
    decode = 0.0
    token = int(m.sample(temp=0))
    for _ in range(DECODED):
        start = time.perf_counter()
        m.eval([token])
        decode += time.perf_counter() - start
        token = int(m.sample(temp=0))
    print(json.dumps({
        "prefill_tokens_per_second": len(ids) / prefill, "decode_tokens_per_second": DECODED / decode,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10,
    }))


def run(*command):
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return json.loads(done.stdout.strip().split("\n")[-1])


def best(runs):
    out = dict(runs[0])
    for r in runs[1:]:
        for key, value in r.items():
            out[key] = min(out[key], value) if key.startswith("peak") else max(out[key], value)
    return out


def main(lcbench, models, prose, wanted):
    print(f"{'model':<14}{'prompt':>7}  {'prefill tok/s':>24}  {'decode tok/s':>22}  {'peak memory, MiB':>19}")
    print(f"{'':<21}  {'lcbench llama.cpp ratio':>24}  {'lcbench llama.cpp ratio':>22}  {'lcbench llama.cpp':>19}")
    for spec in wanted:
        name, lengths = spec.split("=")
        for length in map(int, lengths.split(",")):
            ours, theirs = [], []
            for _ in range(2):
                theirs.append(run(sys.executable, __file__, "child", f"{models}/{name}.gguf", prose, str(length)))
                ours.append(run(lcbench, "bench", "--json", "--device", "cpu", "--threads", str(THREADS), "--model", f"local:{name}",
                                "--lengths", str(length), "--tokens", str(DECODED)))
            a, b = best(ours), best(theirs)
            cells = [f"{name:<14}{length:>7}"]
            for key, digits in (("prefill", 0), ("decode", 1)):
                x, y = a[f"{key}_tokens_per_second"], b[f"{key}_tokens_per_second"]
                cells.append(f"{x:>8.{digits}f} {y:>9.{digits}f} {x / y:>5.2f}".rjust(24 if key == "prefill" else 22))
            cells.append(f"{a['peak_memory_bytes'] >> 20:>8} {b['peak_memory_bytes'] >> 20:>10}")
            print("  ".join(cells), flush=True)


if sys.argv[1] == "child":
    llama(sys.argv[2], sys.argv[3], int(sys.argv[4]))
else:
    os.environ.pop("OMP_NUM_THREADS", None)
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
