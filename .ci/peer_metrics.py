"""Times the reference packages on the pairs of scorers/bench_test.go and prints
Go's benchmark format: jieba 0.42.1, rouge 1.0.1, fuzzywuzzy 0.18.0 on difflib."""
import json
import string
import sys
import time
import warnings
from collections import Counter

warnings.filterwarnings("ignore")
import jieba
from fuzzywuzzy import fuzz
from rouge import Rouge

folder = sys.argv[1]


def rows(task):
    with open(f"{folder}/data/longbench/{task}.jsonl", encoding="utf-8") as f:
        return [json.loads(line) for line in f.read().split("\n") if line]


def bench(name, pairs, do):
    do(*pairs[0])
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < 2:
        do(*pairs[count % len(pairs)])
        count += 1
    print(f"Benchmark{name}/impl=python \t{count}\t{(time.perf_counter() - start) / count * 1e9:.0f} ns/op", flush=True)


news = rows("multi_news")
rouge = Rouge()
bench("Rouge", [(a["answers"][0], b["answers"][0]) for a, b in zip(news, news[1:])],
      lambda p, r: rouge.get_scores([p], [r], avg=True))

zh = rows("multifieldqa_zh")
jieba.setLogLevel(60)
full_width = set(string.punctuation) | set("！？｡。＂＃＄％＆＇（）＊＋，－／：；＜＝＞＠［＼］＾＿｀｛｜｝～、〃》「」『』【】")


def words(text):
    cut = ("".join(c for c in w.lower() if c not in full_width and not c.isspace()) for w in jieba.cut(text, cut_all=False))
    return [w for w in cut if w]


def f1(prediction, reference):
    p, r = words(prediction), words(reference)
    return sum((Counter(p) & Counter(r)).values())


bench("ChineseF1", [(a["input"] + a["answers"][0], b["input"] + b["answers"][0]) for a, b in zip(zh, zh[1:])], f1)

lines = [line for r in news[:20] for line in r["context"].replace("\n", ". ").split(". ") if 20 <= len(line.encode()) <= 120]
bench("CodeSim", list(zip(lines, lines[1:])), fuzz.ratio)
