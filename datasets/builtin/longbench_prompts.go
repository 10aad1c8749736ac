package builtin

// longBenchPrompts are the configuration files that the adapter reads, worded
// by us: the official ones are LongBench's own and come with its data.
// Generation limits are the paper's.
func longBenchPrompts() map[string]string {
	return map[string]string{
		"config/dataset2prompt.json": `{
  "multifieldqa_en": "Here is a document.\n\n{context}\n\nAnswer this question from the document with as few words as you can and nothing else.\nQuestion: {input}\nAnswer:",
  "multifieldqa_zh": "下面是一份文档。\n\n{context}\n\n请根据文档用最少的词作答，不要写别的内容。\n问题：{input}\n答案：",
  "hotpotqa": "Here are some passages.\n\n{context}\n\nThe answer to the question needs more than one of the passages. Give it in a few words and nothing else.\nQuestion: {input}\nAnswer:",
  "dureader": "下面有若干篇文章。\n\n{context}\n\n请综合这些文章简短作答。\n问题：{input}\n答案：",
  "gov_report": "Here is a report.\n\n{context}\n\nSum up what the report says in one page.\nSummary:",
  "vcsum": "下面是一份记录。\n\n{context}\n\n请概括这份记录的主要内容。\n概括：",
  "trec": "Each question below is followed by its type. Give the type of the last one.\n\n{context}{input}",
  "lsht": "下面每个问题后面都标有类型。请给出最后一个问题的类型。\n\n{context}{input}",
  "passage_count": "Some of these paragraphs stand here more than once.\n\n{context}\n\nHow many different paragraphs are there? Give the number alone.\nNumber:",
  "passage_retrieval_en": "Here are 30 numbered paragraphs.\n\n{context}\n\nOne of them is told again here:\n{input}\n\nWhich one? Answer like \"Paragraph 3\" and nothing else.\nAnswer:",
  "passage_retrieval_zh": "下面是30个编号的段落。\n\n{context}\n\n这里复述了其中一段：\n{input}\n\n是哪一段？请只回答“段落3”这样的编号。\n答案：",
  "lcc": "Write the next line of this code.\n{context}Next line:\n",
  "repobench-p": "Write the next line of the last file.\n{context}{input}Next line:\n"
}
`,
		"config/dataset2maxlen.json": `{
  "multifieldqa_en": 64, "multifieldqa_zh": 64, "hotpotqa": 32, "dureader": 128, "gov_report": 512, "vcsum": 512,
  "trec": 64, "lsht": 64, "passage_count": 32, "passage_retrieval_en": 32, "passage_retrieval_zh": 32, "lcc": 64, "repobench-p": 64
}
`,
		"v2/0shot.txt": `Read this text, then choose.

$DOC$

Question: $Q$
(A) $C_A$
(B) $C_B$
(C) $C_C$
(D) $C_D$

Reply in this form: "The correct answer is (insert answer here)".`,
		"v2/0shot_cot.txt": `Read this text, then reason about the question.

$DOC$

Question: $Q$
(A) $C_A$
(B) $C_B$
(C) $C_C$
(D) $C_D$

Think it through step by step.`,
		"v2/0shot_cot_ans.txt": `A question on a long text that is left out here:
$Q$
(A) $C_A$
(B) $C_B$
(C) $C_C$
(D) $C_D$

This was thought about it:
$COT$

Reply in this form: "The correct answer is (insert answer here)".`,
		"v2/0shot_no_context.txt": `Choose the most likely answer without seeing the text that it is about.

Question: $Q$
(A) $C_A$
(B) $C_B$
(C) $C_C$
(D) $C_D$

Reply in this form: "The correct answer is (insert answer here)".`,
	}
}
