package builtin

import "strings"

// filler makes sentences without facts, so that documents of any length can be
// told: scenes of no one in particular, and remarks that mention an entity.
type filler struct {
	when, who, what, end []string
	// remarks mention the subject {s} and say nothing that a question asks.
	remarks map[Kind][]string
	stop    string
	join    string
}

// scene returns a sentence that mentions no entity.
func (f filler) scene(d *dice) string {
	return strings.Join([]string{pick(d, f.when), pick(d, f.who), pick(d, f.what), pick(d, f.end)}, f.join) + f.stop
}

func fillerEN() filler {
	return filler{
		join: " ", stop: ".",
		when: []string{"In wet autumns", "During the long frost", "On market days", "When the fog came in", "Most evenings", "Before the roads were paved",
			"In the slack weeks after harvest", "Once the lamps were lit", "On the feast of the first boats", "While the sluices were closed", "After the spring floods", "Year after year"},
		who: []string{"the carters", "travellers from the coast", "the older neighbours", "apprentices", "the women of the wash-house", "strangers", "the night watch",
			"schoolchildren", "the millers", "pedlars", "the choir", "farmhands", "the postmen"},
		what: []string{"waited under the arches", "told the same three stories", "shared bread and onions", "argued about the price of tallow", "left their boots by the door",
			"kept an eye on the sky", "sang without much skill", "spoke of better years", "counted sacks by candlelight", "walked home along the dyke", "mended nets and harness",
			"listened for the bell", "drank thin beer", "wrote their names on the wall"},
		end: []string{"and nobody hurried them", "as their parents had done", "while the rain drummed on the slates", "and thought little of it", "with a patience that is rare today",
			"until the wind turned", "for want of anything better", "and the dogs slept through it all", "though it was frowned upon", "as if time were of no account", "and went on the next morning"},
		remarks: map[Kind][]string{
			Person: {"Letters from those years mention {s} only in passing.", "Of {s} no portrait is known, only a sketch in pencil.", "People who met {s} spoke of a dry sense of humour.",
				"Much that is said about {s} cannot be proved.", "A street was once to be named after {s}, but nothing came of it.", "{s} disliked speeches and left early whenever one was announced.",
				"Visitors found {s} polite, if a little absent.", "{s} wrote a small, slanting hand that few could read."},
			Place: {"Painters like {s} for its light.", "The bells of {s} can be heard a long way off.", "Whoever comes to {s} by night sees one lamp at a time.",
				"There is a saying about {s} that its own people never use.", "The old maps draw {s} larger than it is.", "In {s} the shutters are painted every second spring.", "Rain is no event in {s}."},
			Organisation: {"The corridors of {s} smell of floor wax and paper.", "Minutes of {s} from those years are hard to read.", "Not every decision of {s} met with approval.",
				"Newcomers to {s} are shown the cellar first.", "There is more than one legend about {s}.", "The reading room of {s} is kept cool on purpose.", "{s} has never had a coat of arms."},
			Work: {"Critics have never agreed about {s}.", "Whole families have quarrelled over the ending of {s}.", "Cheap copies of {s} were read to pieces.",
				"The opening lines of {s} were once learned by heart in schools.", "{s} has been set to music twice, both times badly.", "Nobody has yet explained the title of {s}."},
			Event: {"Posters for {s} hung in every station.", "The weather was kind to {s} on most days.", "Old people still date their memories from {s}.",
				"The newspapers filled whole pages with {s}.", "Of {s} only a few medals have come down to us.", "Not everyone was glad about {s}."},
		},
	}
}

func fillerZH() filler {
	return filler{
		stop: "。",
		when: []string{"秋雨连绵的时候，", "在漫长的霜冻期里，", "每逢赶集的日子，", "大雾涌来的时候，", "多数傍晚，", "在道路铺好以前，",
			"收割之后的闲散日子里，", "灯一点亮，", "头一批船回来的节日里，", "水闸关着的那些天，", "春汛过后，", "年复一年，"},
		who: []string{"赶车的人", "从海边来的旅客", "上了年纪的邻居", "学徒们", "洗衣房的妇人", "外乡人", "守夜人", "学堂里的孩子", "磨坊的伙计", "货郎", "唱诗班", "长工们", "送信的人"},
		what: []string{"在拱廊下等候", "讲着同样的三个故事", "分吃面包和洋葱", "为油脂的价钱争个不休", "把靴子留在门口", "时时望着天色", "不太在行地唱着歌", "谈论从前的好年景",
			"就着烛光清点麻袋", "沿着堤岸走回家", "修补渔网和马具", "静静听着钟声", "喝着淡淡的麦酒", "把名字写在墙上"},
		end: []string{"，谁也不去催他们", "，就像他们的父辈那样", "，雨点敲打着石板瓦", "，并不放在心上", "，那份耐心如今已经少见", "，直到风向转变", "，因为也没有更好的事可做",
			"，连狗都一直睡着", "，虽然有人不以为然", "，仿佛时间算不了什么", "，第二天早上又照旧"},
		remarks: map[Kind][]string{
			Person: {"那些年的书信只是顺带提到{s}。", "{s}没有画像传世，只有一张铅笔速写。", "见过{s}的人都说此人有一种冷冷的幽默。", "关于{s}的许多说法都无从证实。",
				"曾有人提议用{s}的名字命名一条街，后来不了了之。", "{s}不爱听演说，一有人宣布要讲话就提前离开。", "来客觉得{s}很有礼貌，只是有点心不在焉。", "{s}的字又小又斜，没有几个人认得。"},
			Place: {"画家喜欢{s}，因为那里的光线好。", "{s}的钟声很远就能听到。", "夜里来到{s}的人，只能一盏一盏地看见灯光。", "有一句关于{s}的俗话，本地人从来不说。",
				"旧地图总把{s}画得比实际大。", "在{s}，百叶窗每隔一年的春天就要重新上漆。", "对{s}来说，下雨算不上什么大事。"},
			Organisation: {"{s}的走廊里有一股地板蜡和纸张的气味。", "{s}那几年的会议记录很难辨认。", "{s}的决定并不是每一项都得到赞同。", "新来{s}的人，总是先被领去看地窖。",
				"关于{s}的传说不止一个。", "{s}的阅览室故意保持着阴凉。", "{s}从来没有自己的徽章。"},
			Work: {"评论家对{s}从来没有一致的看法。", "有人全家为{s}的结尾争吵不休。", "{s}的廉价本都被翻烂了。", "{s}的开头几行曾经是学堂里要背诵的。",
				"{s}两次被谱成乐曲，两次都不成功。", "至今没有人能解释{s}的书名。"},
			Event: {"每个车站都贴着{s}的招贴。", "{s}期间，天气大多不错。", "老人们至今还用{s}来推算往事的年份。", "报纸用整版整版的篇幅报道{s}。",
				"{s}留传下来的只有几枚纪念章。", "并不是人人都为{s}高兴。"},
		},
	}
}
