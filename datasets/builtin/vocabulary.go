package builtin

import "strings"

// word is one word in English and in Chinese.
type word [2]string

// parts are the lists that names of one kind are composed of.
type parts struct {
	firstEN, secondEN []string
	firstZH, secondZH []string
	joinZH            string
}

type nameLists struct{ people, places, bodies, works, events parts }

// nameParts returns the lists of name parts. Chinese family names are none
// that people bear, so that no name is anyone's.
func nameParts() nameLists {
	f := strings.Fields
	return nameLists{
		people: parts{
			firstEN: cross(f("Ta Mae Or Sel Bri Cor Del Eri Fen Gal Hes Il Jor Kel Lor Mir Nae Os Per Rov"),
				f("vrin lith vane dra wick mund theo nix")),
			secondEN: cross(f("Old Tor Ash Quen Var Hol Mar Pen Stal Thorn Cray Dun Ember Fal Grim Hax Kest Lum Sker Wend"),
				f("mere vay croft lock rin nolt bury sand wyke oss")),
			firstZH: f("云岫 霜野 青砚 竹溪 墨池 雁回 松涧 鹿鸣 星渚 月汀 雪篱 枫桥 沧屿 砚秋 烟萝 石涛 芦汀 霁川 梧栖 潮生 荻浦 岚舟 棠梨 萤渡 苇杭 漱石 听雨 眠鸥 望舒 扶桑 观澜 隐泉 拾禾 采薇 寻梅 问樵 踏莎 临溪 倚竹 归雁"),
			secondZH: f("知远 承砚 若谷 怀瑾 听澜 景行 维桢 思齐 云起 守拙 清和 明舟 书意 其琛 同尘 长庚 " +
				"静姝 含章 令仪 采苓 疏影 晚棠 素问 白芷 忘机 既白 南乔 北辰 东篱 西洲 望春 迎秋 " +
				"照野 衔山 拂衣 枕流 扬舲 抱朴 临渊 执圭 沐阳 凌霜 踏歌 逐浪 问渠 浣尘 栖迟 行止 " +
				"子衿 未央 朝颜 夕拾 玉衡 开阳 摇光 天玑 折桂 鸣柯 织云 缀珠 凭栏 卷帘 揽月 裁冰"),
		},
		places: parts{
			firstEN:  f("Bren Cald Dor Elm Fost Gren Hawk Isk Karr Lund Moss Nerr Oster Pell Quill Rav Sarn Tarn Ulver Vess Wyn Yar Zell Ambel Birk Coth Drem Esk Farl Gant Hurst Jarl"),
			secondEN: f("moor haven ford wick stead mouth fell garth holm bridge minster combe ness well"),
			firstZH:  f("雾岭 霜泽 青梧 石砚 鹭洲 枫眠 苇泊 云檐 寒螺 白堇 赤桐 紫鸢 银杉 琥珀 乌柏 翠微 落星 沉璧 枕潮 半夏 鸢尾 眠沙 烟屿 碧落 秋笛 鹤归 荻花 栖云 梨雪 麦浪 渔火 砚池"),
			secondZH: f("镇 港 渡 浦 寨 湾 集 堡 关 桥 坪 埠 墟 驿"),
		},
		bodies: parts{
			firstEN:  f("Heron Lantern Compass Anvil Osprey Beacon Thistle Kingfisher Mortar Sextant Badger Candlewood Hourglass Plumline Wren Bellfounder Millstone Quicksilver Foxglove Astrolabe Cormorant Inkwell Driftwood Weathervane Saltmarsh Hawthorn Pendulum Otter Flintlock Tollgate Heather Firefly Windlass Brickfield Juniper Cobbler Rainwater Stonecrop Swallow Tidewheel"),
			secondEN: f("Society Institute Foundation Observatory Guild Archive Academy Workshop Trust Museum Library College"),
			firstZH:  f("白鹭 灯塔 罗盘 铁砧 鱼鹰 烽火 蓟草 翠鸟 石臼 六分仪 山獾 烛木 沙漏 铅垂 鹪鹩 铸钟 磨石 水银 洋地黄 星盘 鸬鹚 墨井 浮木 风信 盐沼 山楂 钟摆 水獭 燧石 关卡 石楠 流萤 绞盘 砖窑 杜松 鞋匠 雨水 景天 燕子 潮轮"),
			secondZH: f("学社 研究院 基金会 天文台 行会 档案馆 书院 工坊 信托会 博物馆 图书馆 学堂"),
		},
		works: parts{
			firstEN:  f("Patient Hollow Borrowed Northern Silent Crooked Gilded Distant Unfinished Restless Wandering Frozen Second Hidden Painted Broken Early Salted Nameless Burning Slow Woven Lonely Bright Scattered Buried Tidal Upright Forgotten Winter"),
			secondEN: f("Ledger Orchard Staircase Cartographer Harbour Almanac Pilgrim Garden Mirror Voyage Chimney Alphabet Meadow Clockmaker Island Letter Quarry Loom Shepherd Bridge Thimble Granary Window Passage Lighthouse Kettle Monsoon Parable Saddle Ferryman"),
			firstZH:  f("耐心 空心 借来 北方 沉默 歪斜 镀金 遥远 未完 不安 漂泊 冰封 第二 隐秘 彩绘 破碎 清早 盐渍 无名 燃烧 缓慢 编织 孤独 明亮 散落 埋藏 潮汐 直立 遗忘 冬日"),
			secondZH: f("账簿 果园 楼梯 制图师 港湾 年历 香客 花园 镜子 航程 烟囱 字母 草甸 钟表匠 岛屿 书信 采石场 织机 牧人 长桥 顶针 谷仓 窗户 过道 望楼 水壶 季风 寓言 马鞍 摆渡人"),
			joinZH:   "的",
		},
		events: parts{
			firstEN:  f("Amber Copper Vermilion Cobalt Ivory Umber Saffron Indigo Scarlet Ochre Pewter Russet Jade Crimson Silver Walnut Hazel Lilac Marble Garnet Onyx Topaz Coral Opal Maroon Slate Mauve Teal Bronze Pearl"),
			secondEN: f("Expedition Regatta Assembly Exhibition Survey Accord Tournament Procession Symposium Census Auction Jubilee Congress Pageant Fair"),
			firstZH:  f("琥珀色 赤铜 朱砂 钴蓝 象牙 赭土 藏红 靛青 猩红 土黄 锡白 褐红 碧玉 绯红 银灰 胡桃 榛色 丁香 云石 石榴石 缟玛瑙 黄玉 珊瑚 蛋白石 栗色 石板 藕荷 鸭绿 青铜 珍珠"),
			secondZH: f("远征 赛舟会 大会 博览会 勘测 协定 锦标赛 巡游 研讨会 普查 拍卖会 庆典 代表会 游艺会 展销会"),
		},
	}
}

// cross joins every a with every b.
func cross(a, b []string) []string {
	out := make([]string, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			out = append(out, x+y)
		}
	}
	return out
}

// words are the word lists that facts choose from.
type words struct {
	trades, instruments, collections, crafts, rivers, fields, topics, purposes []word
}

// pairs reads "english=中文" entries, separated by ";".
func pairs(s string) []word {
	var out []word
	for entry := range strings.SplitSeq(s, ";") {
		en, zh, _ := strings.Cut(strings.TrimSpace(entry), "=")
		out = append(out, word{en, zh})
	}
	return out
}

// vocabulary returns the word lists.
func vocabulary() words {
	return words{
		trades: pairs("cartographer=制图师;bookbinder=装订匠;lighthouse keeper=灯塔看守;apothecary=药剂师;bell founder=铸钟匠;" +
			"botanist=植物学家;ferry pilot=渡船舵手;glass painter=玻璃画师;land surveyor=土地测量员;clock repairer=钟表修理工;" +
			"school inspector=督学;stone carver=石刻匠;translator=译员;weather observer=气象观测员;organ builder=管风琴匠;" +
			"harbour clerk=港务书记;seed merchant=种子商人;wood engraver=木版画家;tide calculator=潮汐推算员;bridge engineer=桥梁工程师"),
		instruments: pairs("viola=中提琴;bassoon=巴松管;lute=鲁特琴;harmonium=簧风琴;dulcimer=扬琴;cello=大提琴;hurdy-gurdy=手摇琴;" +
			"clarinet=单簧管;zither=齐特琴;French horn=圆号;mandolin=曼陀林;oboe=双簧管;accordion=手风琴;concertina=六角琴"),
		collections: pairs("old keys=旧钥匙;pressed ferns=蕨类标本;ship's lanterns=船灯;river pebbles=河卵石;tram tickets=电车票;" +
			"wax seals=火漆印;broken compasses=坏罗盘;moth wings=飞蛾翅膀;street ballads=街头歌谣;clay pipes=陶烟斗;" +
			"sea charts=海图;weather diaries=天气日记;button moulds=纽扣模子;feather quills=羽毛笔"),
		crafts: pairs("glass-blowing=吹制玻璃;salt-making=制盐;rope-making=制绳;paper-making=造纸;bell-casting=铸钟;" +
			"lace-making=花边编织;barrel-making=制桶;cheese-making=制奶酪;slate-cutting=石板切割;basket-weaving=编筐;" +
			"candle-dipping=制烛;boat-building=造船;dyeing=染布;pottery=制陶;net-making=织网;tile-firing=烧瓦"),
		rivers: pairs("Ilvane=伊尔凡河;Morrow=莫罗河;Teshel=特谢尔河;Quern=奎恩河;Ashlode=阿什洛河;Verrin=维林河;Ouselle=乌塞尔河;" +
			"Dunnet=丹涅河;Halsey Water=哈尔西河;Skell=斯凯尔河;Brathe=布拉特河;Lorren=洛伦河;Umbrel=安布雷尔河;Fennick=芬尼克河"),
		fields: pairs("the tides=潮汐;alpine plants=高山植物;old scripts=古文字;bridge building=桥梁建造;bird migration=候鸟迁徙;" +
			"folk music=民间音乐;soil and drainage=土壤与排水;early printing=早期印刷;star catalogues=星表;river ice=河冰;" +
			"medical herbs=草药;wind and weather=风与天气;coin finds=出土钱币;timber ships=木船;deaf education=聋人教育"),
		topics: pairs("a flooded valley=一条被淹没的山谷;a family of salt traders=一个盐商家族;the first winter of a colony=一处垦殖地的第一个冬天;" +
			"a lost inheritance=一笔失落的遗产;the building of a bridge=一座桥的修建;a quarrel between two schools=两所学校的争执;" +
			"the life of a ferryman=一位船夫的一生;a stolen map=一张被盗的地图;a plague year=一个瘟疫之年;a journey by canal=一次运河旅行;" +
			"a forgotten alphabet=一套被遗忘的字母;the strike of the weavers=织工的罢工;a house without clocks=一座没有钟的房子;" +
			"the return of a sailor=一名水手的归来"),
		purposes: pairs("to chart the northern reefs=测绘北方的礁石;to settle a dispute over fishing rights=解决捕鱼权的纠纷;" +
			"to raise money for a new hospital=为新医院筹款;to celebrate the reopening of the canal=庆祝运河重新开通;" +
			"to compare rival methods of surveying=比较几种测量方法;to mark the end of the drought=纪念旱灾的结束;" +
			"to find a shorter road across the moor=寻找穿越荒原的近路;to promote trade with the islands=促进与各岛的贸易;" +
			"to count the herds before winter=在入冬前清点牲畜;to show new machines to the farmers=向农民展示新式机器;" +
			"to honour the founders of the port=表彰港口的创建者;to test the signal towers along the coast=检验沿海的信号塔"),
	}
}
