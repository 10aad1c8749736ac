package needlebench

import "strings"

// wording are the texts of a language, all of them ours. Prompts are sent as
// before + context + after; {question} is what is asked.
type wording struct {
	// before opens a prompt, first where the question comes ahead.
	before, first string
	after, last   string
	// several introduces a list of questions.
	several string
	// needles state a password, with {key} and {pass}; query and ask put the
	// question.
	needles    []string
	query, ask string
	// keys and passes are joined of two parts each.
	keysFirst, keysSecond []string
	passFirst, passSecond []string
	keyJoin, passJoin     string
	// names are of people, joined of two parts.
	namesFirst, namesSecond []string
	nameJoin                string
	// relations say that {a} is one or two generations above {b}.
	relations [2][]string
	// tree opens a family tree; asks are its questions, with {a}, {b} and {n}.
	tree  string
	asks  [questions]string
	boxed string
	// eldest is asked of a chain in a haystack.
	eldest string
}

func wordingOf(lang string) wording {
	if lang == "zh" {
		return wordingZH()
	}
	return wordingEN()
}

func wordingEN() wording {
	f := strings.Fields
	return wording{
		before:  "Read the text between the two lines of equals signs. A few of its sentences don't belong to the rest: they are what you will be asked about.\n\n==========\n",
		after:   "\n==========\n\n{question}",
		first:   "You will be asked about a few sentences that don't belong to the rest of the text between the two lines of equals signs. The task:\n{question}\n\n==========\n",
		last:    "\n==========\n\nNow do the task that stands ahead of the text.",
		several: "Answer each of these. Put each answer on a line of its own, behind what it answers.\n",
		needles: []string{
			"The watchman wrote down the password of {key}: {pass}.",
			"On the back of the ticket stands the password of {key}: {pass}.",
			"Whoever asks at the gate is told the password of {key}: {pass}.",
			"In pencil somebody has added the password of {key}: {pass}.",
		},
		query:      "What is the password of {key}?",
		ask:        "The text tells a password of the name below. Reply with the password alone.\n{key}:",
		keysFirst:  f("Tolv Brask Ennor Quill Havrin Sedge Morrit Yarl Ostrin Feld Grenna Wick Palt Ivor Drosk Lenn"),
		keysSecond: f("Umbrey Castor Vane Ilsk Thorne Merrow Dask Pell Rinn Holt Farrow Zeld Corm Abbet Nyle Sturr"),
		keyJoin:    "-",
		passFirst:  f("amber copper velvet silent crooked lunar marble bitter hollow scarlet northern woven salted gilded frozen humble"),
		passSecond: f("grotto lantern orchard anvil falcon ribbon harbour thimble glacier saddle pepper cellar walnut chimney violin meadow"),
		passJoin:   "-",
		namesFirst: f("Adela Bertram Cosima Dorian Edwina Florian Gerda Hubert Isolde Jasper Katrin Leopold Mabel Nestor Odette Phineas Quentin Rosalind Sigmund Theodora Ulrich Verena Wilfred Xenia Yorick Zelda Ambrose Bettina Clemens Drusilla Erasmus Fenella"),
		namesSecond: f("Ashdown Birkett Carraway Dunmore Ellery Fairfax Gladwin Haskell Ingram Jessop Kersey Lockhart Marlowe Norwood Oakley Penrose Quimby Redfern Selwyn " +
			"Thackeray Underhill Vickery Whitlock Yardley Zoeller Applegate Blackwood Chadwick Dashwood Eastman Fitzroy Goodwin"),
		nameJoin: " ",
		relations: [2][]string{
			{"{a} is a parent of {b}.", "{b} is a child of {a}.", "{a} has a child called {b}.", "One of the two parents of {b} is {a}.", "{b} is the son or daughter of {a}."},
			{"{a} is a grandparent of {b}.", "{b} is a grandchild of {a}.", "One of the parents of {b} is a child of {a}.", "{a} is the parent of a parent of {b}.", "{a} has a grandchild called {b}."},
		},
		tree: "Below are statements about one family, in no order. Each says that somebody is a parent or a grandparent of somebody else.\n\n",
		asks: [questions]string{
			"Who is the eldest person of whom the statements say that {b} descends?",
			"Going up {n} generations from {b} (a parent is one generation, a grandparent two): who stands there?",
			"Going down {n} generations from {a} (a child is one generation, a grandchild two): who stands there?",
			"How many generations lie between {a} and {b} (from a parent to a child is one)? Give a number.",
		},
		boxed:  " Think step by step if you like, and end with the answer alone inside of \\boxed{}.",
		eldest: "A few sentences of the text tell who is a parent or a grandparent of whom. Who is the eldest person from whom {b} descends by them? End with that name.",
	}
}

func wordingZH() wording {
	f := strings.Fields
	return wording{
		before:  "请阅读两行等号之间的文字。其中有几句话与其余内容无关，后面的问题只问这几句话。\n\n==========\n",
		after:   "\n==========\n\n{question}",
		first:   "两行等号之间的文字里，有几句话与其余内容无关，问题只问这几句话。任务如下：\n{question}\n\n==========\n",
		last:    "\n==========\n\n请完成正文之前提出的任务。",
		several: "请逐一回答下列问题，每个答案各占一行，写在所答内容之后。\n",
		needles: []string{
			"守夜人记下了口令，{key}：{pass}。", "票根背面写着口令，{key}：{pass}。", "到门口询问的人会得知口令，{key}：{pass}。", "有人用铅笔补写了口令，{key}：{pass}。",
		},
		query:      "{key}的口令是什么？",
		ask:        "文中给出了下面这个名字的口令，请只回答口令。\n{key}：",
		keysFirst:  f("霁川 漱石 听澜 岚舟 棠梨 萤渡 苇杭 沧屿 烟萝 石涛 荻浦 雪篱 枫桥 砚秋 梧栖 潮生"),
		keysSecond: f("渡口 钟楼 仓院 水阁 驿亭 书塾 船坞 茶寮 药圃 琴台 石坊 灯塔 磨坊 染院 碑廊 盐场"),
		passFirst:  f("琥珀 赤铜 丝绒 静默 弯曲 月色 云石 清苦 空心 猩红 北地 编织 盐渍 镀金 冰封 朴素"),
		passSecond: f("洞窟 灯笼 果园 铁砧 游隼 缎带 港湾 顶针 冰川 马鞍 胡椒 酒窖 核桃 烟囱 提琴 草甸"),
		namesFirst: f("欧 司徒 上官 尉迟 濮 钮 郗 仉 逄 缑 亓 佟 阚 佘 郏 鄢 晏 瞿 裘 臧 戚 麦 邝 阮 蒯 阙 郜 滑 谌 禹 璩 桑"),
		namesSecond: f("知远 承砚 怀瑾 听澜 景行 维桢 思齐 守拙 清和 明舟 其琛 长庚 静姝 含章 令仪 采苓 疏影 晚棠 素问 白芷 南乔 北辰 望春 迎秋 照野 衔山 " +
			"抱朴 临渊 执圭 沐阳 凌霜 问渠"),
		relations: [2][]string{
			{"{a}是{b}的家长，比{b}高一辈。", "{b}是{a}的孩子。", "{a}有一个孩子，名叫{b}。", "{b}的双亲之一是{a}。", "{b}是{a}的儿子或女儿。"},
			{"{a}是{b}的祖辈，比{b}高两辈。", "{b}是{a}的孙辈。", "{b}的双亲之一是{a}的孩子。", "{a}是{b}的父母的父母。", "{a}有一个孙辈，名叫{b}。"},
		},
		tree: "下面是关于同一家族的陈述，次序已打乱。每条陈述说明某人是另一人的父母或祖父母。\n\n",
		asks: [questions]string{
			"根据这些陈述，{b}能追溯到的最年长的先人是谁？",
			"从{b}向上数{n}代（父母为一代，祖父母为两代），是谁？",
			"从{a}向下数{n}代（子女为一代，孙辈为两代），是谁？",
			"{a}与{b}之间相隔几代（父母与子女相隔一代）？请给出数字。",
		},
		boxed:  "可以逐步推理，最后把答案单独写在\\boxed{}里。",
		eldest: "文中有几句话说明了谁是谁的父母或祖父母。根据这些话，{b}能追溯到的最年长的先人是谁？最后请写出这个名字。",
	}
}
