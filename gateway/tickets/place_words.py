"""The words by which a place is told from other words: kinds, relations, and what no name may hold. PURE."""

from __future__ import annotations

_NUMBERED = "(?=[0-9一二三四五六七八九十]+[栋幢座号]|[，。、；\\n]|$)"
ESTATE_KINDS = (
    "家属院|家属楼|宿舍区|安置房|安置小区|产业园区?|工业园区?|科技园区?|创业园|物流园",
    "(?:花园|家园|嘉园|公寓|新村|新苑|佳苑|名苑|嘉苑|雅苑|花苑|丽苑|景苑|南苑|北苑|东苑|西苑|苑)(?:住宅)?(?:小区)?",
    "(?:住宅)?小区(?!别)|华庭|豪庭|名庭|名城|新城(?!区)|山庄|别墅|公馆|华府|名府|雅居|大厦|大院|广场(?!舞)|社区(?!医院|卫生|工作)",
    "写字楼|商务楼",
    f"(?<![幼公])(?<!幼儿)园{_NUMBERED}|(?<![县商长进])城{_NUMBERED}|(?<![家法])庭{_NUMBERED}|(?<!政)府{_NUMBERED}|[湾郡轩]{_NUMBERED}",
)
"""Estates, courts, towers and parks of firms; ordered, the first that fits is taken."""

LANDMARK_KINDS = (
    "幼儿园|小学|初中|中学|高中|职高|技校|大学|学院|学校|医院|卫生院|卫生服务中心|公园|菜市场|农贸市场|批发市场|市场(?!监管|价)|超市",
    "商场|商城|购物中心|百货|火车站|高铁站|汽车站|客运站|地铁站|公交站|车站|机场|银行|派出所|加油站|酒店|宾馆|体育馆|体育场|图书馆",
    "博物馆|文化宫|少年宫|政务中心|政务服务中心|行政服务中心|办事大厅|社保中心|大桥|立交桥|天桥|隧道|码头",
    "化工厂|水泥厂|印染厂|食品厂|机械厂|纺织厂|造纸厂|制药厂|家具厂|塑料厂|服装厂|电子厂|钢铁厂|电厂|砖厂|养殖场|养猪场",
)
"""Things a place is told by when it has no number; ordered, the first that fits is taken."""

RELATIONS = (
    "东门|西门|南门|北门|正门|后门|大门口?|门口|门前|旁边?|隔壁|对面|附近|后面|前面|路口|东侧|西侧|南侧|北侧|楼下",
)
"""Where a thing is, seen from the landmark; kept as part of it."""

NOT_AFTER = ("[民委舞卡]", "客服", "贷款", "账户", "转账", "医保", "管理", "生活", "建设", "用品", "监管")
"""What makes a kind word part of another word when it follows at once."""

STOP_CHARS = frozenset(
    "在是的了我你您他她它们这那就住从到离吗呢吧啊嗯哦呃唉哎说叫把被让请问条个没不很几什么哪每跟给与及或去走找看听想要还也又都"
)
"""Characters at which a name ends when it is read backwards."""

LEAD_WORDS = (
    "投诉|举报|反映|反应|咨询|建议|关于|位于|地址|地点|位置|地方|靠近|沿着|经过|路过|穿过|附近|旁边|隔壁|对面|楼下|楼上|门口|家里|家住|居住",
    "今天|昨天|前天|今晚|昨晚|晚上|早上|上午|下午|中午|凌晨|夜里|半夜|最近|现在|目前|一直|经常|天天|因为|所以|但是|而且|还有|以及|然后|整个",
    "冒充|自称|假冒|前面|后面|里面|外面|东边|西边|南边|北边|一家|有家|两家|一所|有所|一座|有座|一栋|有一|有人|公立|私立|乘坐|坐着|等于|对于|由于|至于|我市|本市|市区|名字|好像|大概|应该|可能|老是|总是|刚才|感谢|表扬|开车|停车|号称|孩子|女儿|儿子|老人|上学|上班|回家|经营",
    "(?:投宿|头诉|偷诉|居报)",
)
"""Words that may stand right before a name without belonging to it, with their usual mishearings."""

NOT_DISTRICTS = (*"小社园地城市郊景校辖片厂山灾库超菜门上夜股本全集早都分", "住宅", "生活", "老城", "商业")
"""Endings after which 区, 县 or 市 is no district or city."""

UNIT_CHARS = "路条个米公点年月日天块元多度次层楼栋单幢座家户人名辆台分期周星小吨方平万亿号线"
"""What follows a number that is an amount and no house number."""

_LOOK_ALIKES = """
马路 公路 道路 铁路 线路 电路 修路 问路 半路 小路 大路 一路 走路 赶路 让路 堵路 挖路 占路
拦路 高速公路 高速 十字路 丁字路 岔路 盘山公路 柏油路 水泥路 土路 泥路 断头路 主路 辅路 路路
乡村公路 这路 出路 思路 网路 上街 逛街 大街 一条街 步行街 整条街 小街 小巷 老小区 旧小区
老旧小区 高档小区 居民小区 住宅小区 隔壁小区 附近小区 整个小区 本小区 新小区 全小区 同小区
新建小区 老旧 高档 居民 住宅 隔壁 附近 整个 新建 封闭 开放 大型 农村 全村 本村 乡村 城中村
山村 该村 各村 新农村 新村 村村 农贸市场 批发市场 公立 私立 民办 公办 高等 城乡 乡镇 城镇
小镇 家乡 下乡 老乡 街道 村镇 法院 公园 小 老 大 好 新 旧 全 本 该 某 各 中 上 下 前
后 左 右 边 旁 一 两 多 医院 学校 市 区 县 公共 空中 美丽 电 网 网上 地下 人行 过街 菜
水果 生鲜 便利 大学 重点 职业 三甲 社区 工商 人才 劳动力 房地产 股票 楼 家 自家 家家 新能源
充电 公交 商业 文化 休闲 健身 市民 宜居 商业广场 文化广场 市民广场 休闲广场 小广场 大广场
"""
NOT_NAMES = frozenset(_LOOK_ALIKES.split())
"""Whole words, and whole names before a kind word, that look like a place and are none."""

_SOUNDED = "小区 校区 花园 华园 嘉园 家园 公寓 大厦 号楼 单元 小学 中学 幼儿园"
SOUNDED_KINDS = tuple(_SOUNDED.split())
"""Kind words that are recognised by their sound too, with those spellings of it that stay as they are."""
