"""Words, idioms and names in which a numeral stays in characters. PURE.

Only those are listed that the rules would otherwise touch: one digit is left alone anyway where no unit, date, hour or
house makes a number of it.
"""

from __future__ import annotations

import re

from gateway.asr.text.amounts import NUMERALS

_IDIOMS = """
(?<!点)十分(?![钟之]) 十年[如寒树] 十月怀胎 十月革命 十万火急 十万八千里 十八般 十二生肖 十二星座 十八罗汉 十四行诗
一百个不 一百个放心 一百个愿意 一百货 一百单八将 一千个不 一千零一夜 一万个不 一万个放心 一万年太久
二百五(?![块元平斤米个度户人]) 二十四节气 二十四孝 二十四史 二十八宿 三十而立 六十而耳顺 三十六计 三十六行 三百六十行
三十年河 四十不惑 五十步笑 五十知天命 七十二变 七十二行 七十二般 九十九道弯 八十老母 八百里加急 八百[遍回]
一点[都也儿点滴] 一点半点 一点就 两点论 两点一线 三点一线 一月一[次换结付清]
一号难求 一元复始 一楼一底 一亩三分地 (?<=最后)一公里 (?<=最后)一米 二维
三岁看 五月天 三月三(?![号日]) 二月二(?![号日]) 一岁一 三元[里桥区] [四五]元桥
"""
_NAMES = """
国庆十一 双十[一二] 年三十 三十晚上 十一(?:国庆|长假|假期|期间|黄金周|放假|前后) 一二九(?![室号房]) 九一八(?![室号房])
十三陵 十三行 十三朝 十三香 十三幺 十八线 十[七八九]大 二十大 十[七八九]届 二十届 七十二家房客 八百标兵 八百壮士
五百罗汉 五十铃 五十岚 三十三天 [一二三四五六七八九十百]+中(?=[学、，。]|$)
"""
KEPT_WORDS = re.compile(
    "|".join(rf"(?<![{NUMERALS}0-9]){word}(?!(?<=[{NUMERALS}])[{NUMERALS}0-9])" for word in (_IDIOMS + _NAMES).split())
)
"""One of them, not as a part of a longer numeral."""

PLACE_ENDINGS = "里渡铺圩堡店洞盘拐弯湾坪湖塘陵涧沟墩坊堰梯庙寺岭坡寨营屯庄桥泉河江溪潭冲垭坝圳埔厝社"
"""What makes a place of the number before it: 三十里铺, 十八湾, 四十里堡."""
MEASURES = (
    "个|块|元|角|天|日|号|年|月|周年|点|分|秒|小时|时|岁|周岁|米|公里|千米|厘米|毫米|里路|平|亩|吨|公斤|千克|斤|升|毫升|度|"
    "千瓦|兆|楼|层|栋|幢|座|单元|室|房|路(?:车|公交|汽车)|弄|次|人|户|家|台|辆|件|位|名|条|套|间|张|倍|周|期|份|只|头|棵|"
    "根|盒|本|页|笔|趟|遍|顿|场|班|支|片|项|款|种|处|盏|扇|袋|瓶|箱|包|桶|车|世纪"
)
"""Measure words, without which a bare 十 or 十一 is not taken for a number."""
