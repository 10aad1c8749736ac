package builtin

// topic is a class of news with the phrases that its items are made of.
type topic struct {
	name             word
	who, did, detail []word
}

func topics() []topic {
	t := func(en, zh, who, did, detail string) topic {
		return topic{word{en, zh}, pairs(who), pairs(did), pairs(detail)}
	}
	return []topic{
		t("Shipping", "航运", "the harbour master=港务长;two coal barges=两艘运煤驳船;the ferry company=渡轮公司;a grain freighter=一艘运粮货船",
			"reported heavy traffic at the eastern pier=报告东码头船只拥挤;left the dock with a new crew=换了新船员后驶离船坞;announced an extra sailing=宣布加开一班航次;had to wait for the tide=不得不等候涨潮",
			"The lock was closed for six hours=船闸关闭了六个小时;Cargo worth a month's wages was unloaded=卸下的货物抵得上一个月的工钱;The pilot boat came back without damage=引航船安然返港;Anchors and cables are being checked=锚和缆绳正在检查"),
		t("Farming", "农业", "the growers of the valley=谷地的农户;a cattle breeder=一位养牛人;the seed cooperative=种子合作社;orchard owners=果园主",
			"expect a late harvest=预计今年收割推迟;lost half of the barley to hail=因冰雹损失了一半大麦;sold the first lambs of the year=卖出了今年头一批羊羔;tried a new plough=试用了一种新犁",
			"The soil is still too wet for sowing=土地太湿还不能播种;Prices for fodder have doubled=饲料价格翻了一倍;Hay is stored in every barn=每座谷仓都堆满了干草;Bees were brought in for the blossom=花期还运来了蜂群"),
		t("Theatre", "戏剧", "the travelling company=巡回剧团;a young playwright=一位年轻剧作家;the town stage=镇上的剧场;the leading actress=女主角",
			"opened the season with a comedy=以一出喜剧开启演出季;was called back nine times=谢幕九次;rehearsed behind closed doors=正在闭门排练;cancelled the evening performance=取消了晚场演出",
			"The costumes were sewn in four days=戏服在四天内赶制完成;Tickets for the balcony are sold out=楼座戏票已经售空;Critics praised the second act=评论称赞了第二幕;The curtain caught on a lamp=幕布被灯勾住了"),
		t("Weather", "天气", "a north-easterly gale=一场东北大风;the observatory=气象站;thick fog=一场浓雾;the first snow=今冬第一场雪",
			"arrived two days early=提前两天到来;recorded the lowest pressure in years=测得多年来的最低气压;covered the coast for a night=笼罩海岸整整一夜;surprised the mountain villages=让山村措手不及",
			"Temperatures fell by eleven degrees=气温下降了十一度;More rain is forecast for the weekend=预计周末还有降雨;Roof tiles were blown into the street=屋瓦被吹落街头;The barometer is rising again=气压计又开始回升"),
		t("Finance", "金融", "the savings bank=储蓄银行;holders of canal bonds=运河债券的持有人;the mint=铸币厂;a group of lenders=一批放贷人",
			"lowered its interest to three per cent=把利率降到百分之三;will be paid in full=将获得全额偿付;issued a new ten-crown coin=发行了新的十克朗硬币;refused to extend the loan=拒绝延长贷款",
			"Shares closed slightly higher=股票收盘略有上涨;The auditors found no gap in the books=审计没有发现账目缺口;Deposits have grown since spring=存款自春天以来有所增加;Exchange dealers had a quiet day=兑换商度过了平静的一天"),
		t("Schooling", "教育", "the village school=乡村学堂;a mathematics teacher=一位数学教师;pupils of the upper form=高年级学生;the board of examiners=考试委员会",
			"will teach in two shifts=将分两班上课;received new desks and maps=收到了新的课桌和地图;published the results of the summer tests=公布了夏季考试成绩;asked for a longer lunch break=要求延长午休",
			"Lessons begin again on Monday=星期一重新开课;The reading primer has been revised=识字课本已经修订;Parents paid for the new blackboard=家长出钱买了新黑板;Half of the class passed with honours=班上一半学生成绩优异"),
		t("Medicine", "医疗", "the infirmary=医务所;doctors of the district=本区的医生;a midwife=一位接生婆;the surgeon=外科大夫",
			"opened a ward for fever patients=为发热病人开设了病房;advise boiling all water=建议饮水一律煮沸;ran short of bandages=绷带告急;tested a remedy for coughs=试验了一种止咳药",
			"Nobody has fallen seriously ill=没有人病情严重;Vaccination is free on market days=赶集日免费接种;The patients are recovering=病人正在康复;Nurses work in twelve-hour shifts=护士每班工作十二小时"),
		t("Sport", "体育", "the rowing club=赛艇俱乐部;the local wrestling champion=本地摔跤冠军;a team of skaters=一支滑冰队;the hill runners=登山跑选手",
			"won by half a length=以半个船身取胜;lost in the final round=在决赛中失利;set a record for the course=创下赛道纪录;trained through the night=通宵训练",
			"The referee stopped the match twice=裁判两次中止比赛;The trophy goes to the visitors=奖杯归了客队;Two players left the field injured=两名队员受伤离场;The return match is in May=下一轮比赛定在五月"),
		t("Science", "科学", "a pair of astronomers=两位天文学家;the chemistry laboratory=化学实验室;a naturalist=一位博物学家;the geological survey=地质考察队",
			"described an unknown comet=描述了一颗未知的彗星;repeated the famous experiment=重复了那个著名的实验;found a fossil fern in the quarry=在采石场发现一块蕨类化石;measured the salt in the lake=测定了湖水的含盐量",
			"The paper appears next quarter=论文下季度发表;Colleagues doubt the instruments=同行怀疑仪器是否可靠;Samples were kept under glass=样本保存在玻璃罩下;The theory explains most observations=这一理论解释了大部分观测结果"),
		t("Courts", "司法", "the magistrate=治安法官;a jury of nine=九人陪审团;the defendant in the mill case=磨坊案的被告;two witnesses=两名证人",
			"adjourned the hearing=宣布休庭;found the contract void=裁定合同无效;appealed against the sentence=对判决提出上诉;contradicted each other under oath=在宣誓后说法互相矛盾",
			"The verdict is due on Friday=判决将于星期五宣布;The fine must be paid in thirty days=罚金须在三十天内缴清;The lawyers asked for more time=律师请求延期;Evidence was locked in the strongroom=证物锁进了保险室"),
		t("Railways", "铁路", "the night train=夜班列车;the stationmaster=站长;track workers=养路工人;the branch line=那条支线",
			"left the platform an hour late=晚点一小时驶离站台;introduced numbered seats=开始实行对号入座;replaced the old sleepers=更换了旧枕木;carries twice as many passengers=运送的旅客多了一倍",
			"The signal box has a new bell=信号房装了新铃;A goods wagon came off the rails=一节货车厢脱轨;Season passes become cheaper=月票降价;The timetable changes in autumn=时刻表秋天更换"),
		t("Energy", "能源", "the gasworks=煤气厂;the owners of the windmills=风车主;a peat merchant=一位泥炭商;the dam engineers=水坝工程师",
			"will supply forty more lamps=将多供四十盏灯;raised the price of fuel=提高了燃料价格;connected a second turbine=接通了第二台涡轮机;ran out of coal for a day=断煤一天",
			"Consumption peaks before supper=晚饭前用量最大;The boiler passed its inspection=锅炉通过了检验;Stocks last until February=存量可以用到二月;A new wire crosses the square=一条新电线横过广场"),
	}
}
