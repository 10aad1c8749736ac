"""Times the reference packages on the pairs of scorers/bench_test.go and prints
Go's benchmark format: jieba 0.42.1, rouge 1.0.1, fuzzywuzzy 0.18.0 on difflib,
rouge_score 0.1.2. With a second argument "leval" it only scores the ROUGE rows
of L-Eval's released predictions, once, by the four measures that L-Eval's own
script asks for."""
import glob
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
from rouge_score.rouge_scorer import RougeScorer

folder = sys.argv[1]
google = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=False)
all_four = RougeScorer(["rouge1", "rouge2", "rougeL", "rougeLsum"], use_stemmer=False)


def predictions(pattern):
    """Answer and reference of each row tagged rouge, by file."""
    for name in sorted(glob.glob(f"{folder}/data/leval/predictions/{pattern}", recursive=True)):
        with open(name, encoding="utf-8") as f:
            found = [json.loads(line) for line in f.read().split("\n") if line]
        found = [r for r in found if r["evaluation"] == "rouge"]
        if found:
            key = next(k for k in found[0] if "_pred" in k)
            yield name, [(r[key], r["gt"]) for r in found]


if sys.argv[2:] == ["leval"]:
    for name, pairs in predictions("ngram_eval/**/*.jsonl"):
        parts = [[s.fmeasure for s in all_four.score(r, p).values()] for p, r in pairs]
        means = [100 * sum(column) / len(parts) for column in zip(*parts)]
        print(name.split("predictions/")[1], *(f"{m:.4f}" for m in means))
    sys.exit()


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

summaries = [pair for _, pairs in predictions("ngram_eval/turbo-16k-0613/review_summ.pred.jsonl") for pair in pairs]
bench("GoogleRouge", summaries, lambda p, r: google.score(r, p))
