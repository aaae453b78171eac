"""Where a Chinese numeral is a number: patterns whose groups are the numerals to write in digits. PURE.

A group's name tells how its numeral is read: ``v`` by its value, ``s`` digit by digit, ``a`` as it looks.
"""

from __future__ import annotations

import re

from gateway.asr.text.amounts import DIGITS, NUMERALS

N = f"[{NUMERALS}]"
D = f"[{''.join(DIGITS)}]"
ONE = "[一二两三四五六七八九]"
FROM = f"(?<![{NUMERALS}0-9])"
TO = f"(?![{NUMERALS}0-9])"
STOP = r"(?=[，。？！；、：\s]|$)"

_PART = "(?:凌晨|清晨|早晨|早上|清早|上午|中午|下午|傍晚|晚上|夜里|夜间|半夜|深夜|晚间|[今明]早|[今明昨每当]晚|昨夜)"
_HOUR = f"{FROM}(?P<v1>二十[一二三四]?|十{ONE}?|{ONE})点"
_LISTED = "意见|建议|要求|希望|原因|问题|诉求|说明|体会|看法|内容|疑问|请求|感受|想法|好处|坏处"
_SIZED = f"[万亿](?!{N})|公里|千米|米|平|吨|公斤|千克|斤|元|块|度|倍|个|亩|升|兆|折|小时|年|岁|级|立方|毫|厘"
_TRAILING = "(?=[的了钱吧呢啊吗，。？！；、高宽长多左以]|[一每][斤个瓶包吨平度米]|$)"
_TIMES = (
    # 8点15分, 8点05分, 8点半, 8点左右
    rf"{_HOUR}(?:过)?(?:(?P<a2>零{ONE}|[二三四五]?十{ONE}?){TO}(?!分之)|(?P<v3>{ONE})(?=分(?![之钱]))|(?=半|整|钟|[一三]刻|左右))",
    rf"(?!一){_HOUR}(?=多|以前|以后|之前|之后)",
    # 下午3点, 晚上大概8点
    rf"{_PART}(?:的|大概|大约|差不多|将近|快|是|到|都|才)?{_HOUR}(?![儿点都也0-9]|{N})",
    # 8点上班, but not 有三点, 三点意见
    rf"(?<![第有提说讲这那下几做到]){FROM}(?P<v1>[三四五六七八九])点(?!{_LISTED}|[的儿点0-9]|{N})",
    # 2点到4点
    rf"{_HOUR}(?:钟|半)?[到至](?P<v2>二十[一二三四]?|十{ONE}?|{ONE})点(?![0-9]|{N})",
)
_DATES = (
    # two figures are a year unless they may be an estimate of years (七八年)
    rf"{FROM}(?P<s1>[一二]{D}{{3}}|[零〇○九]{D}|八[零〇○一二三四五六七八]|七[零〇○一-七]|一[零〇○三四五六七八九]|二[零〇○一二四五六])(?=年(?!级))",
    rf"(?<![个半满整每{NUMERALS}0-9])(?P<v1>十[一二]?|[二三四五六七八九])月(?![亮饼租薪饷球老])(?:(?P<v2>{N}+)(?:(?=[号日])|{STOP}))?",
    rf"(?:(?<=年)|(?<=[从到在]))(?P<v1>一)月(?:(?P<v2>{N}+)(?=[号日]))?",
    rf"{FROM}(?P<v1>一)月(?:(?=份|底|初|中|末|上旬|下旬)|(?P<v2>{N}+)(?=[号日]))",
)
_HOUSES = (
    rf"(?<![挂第同统唯单专每这那某]){FROM}(?P<v1>[一二三四五六七八九])(?=号|单元|楼(?![盘梯房市主兰堂宇]))",
    rf"{FROM}(?P<v1>[一二三四五六七八九])[栋幢座弄]，?(?=单元|号|室|(?:{N}|[0-9])+(?:单元|号|室|楼(?!房)|-|{STOP})|{D}{{3}})",
    rf"(?<=[区园苑城里期湾庭郡府院])(?P<v1>[一二三四五六七八九])[栋幢座]{STOP}",
    rf"(?:单元|[楼栋幢座])(?P<s1>{D}{{3,4}}){TO}",
    rf"{FROM}(?P<s1>{D}{{3,4}})(?=室|号|房{STOP}|房间)",
    rf"{FROM}(?P<s1>{D}{{3}})路(?!口)",
    rf"{FROM}(?P<v1>[一二三四五六七八九])路(?:车|公交|汽车)|[坐乘](?P<v2>[一二三四五六七八九])路",
)
_MEASURED = (
    # 3块5毛8, 3块5, 1米8, 38度5, 3元5角
    rf"{FROM}(?P<v1>{N}+)[块元](?P<v2>[一二三四五六七八九])[毛角](?P<v3>[一二三四五六七八九])(?:分|{_TRAILING})",
    rf"{FROM}(?P<v1>{N}+)[块米度](?P<v2>[一二三四五六七八九])(?:(?=[毛角]|分钱)|{_TRAILING})",
    rf"{FROM}(?P<v1>{N}+)元(?P<v2>[一二三四五六七八九])角",
    rf"(?<![{NUMERALS}0-9同统唯单专每第块元毛])(?P<v1>{ONE})(?:元(?![化论素制店])|块钱|公里|千米|米(?![饭粉线面糊粥汤])|厘米|毫米|平方|平米|立方"
    rf"|亩|吨|公斤|千克|斤|千瓦|岁(?!月)|小时)",
    rf"{FROM}(?P<v1>[二两三四五六七八九])(?:分钟|秒钟)",
    rf"(?:零下|零上|体温|气温|温度){FROM}(?P<v1>{ONE})度",
)
_IDENTIFIED = (
    rf"(?:尾号|工号|编号|号码|单号|房号|房间|车牌|门牌号?|密码|验证码|分机号?|电话|手机|邮编|[后前][三四六]位)(?:号)?[是为：]?"
    rf"(?P<s1>{D}{{2,}}){TO}",
    rf"[打拨报]了?(?P<s1>一一[零九]|一二[零二]){TO}",
)
_DECIMAL_PART = rf"{FROM}(?P<a1>{N}+?)(?P<point>点)(?P<s2>{D}+)"
MEASURED_DECIMAL = re.compile(rf"{_DECIMAL_PART}(?={_SIZED})")
DECIMAL = re.compile(rf"{_DECIMAL_PART}(?:{STOP}|(?=[的了多吧呢吗啊到至左以]))")
PERCENTAGE = re.compile(
    rf"(?<![0-9.{NUMERALS}])百分之(?P<a1>百|{N}+)(?:(?P<point>点)(?P<s2>{D}+))?(?![几多来点]|{N}|[0-9])"
)
DASHES = re.compile(rf"{FROM}{N}+(?:杠{N}+)+{TO}")
GROUPS = re.compile(
    rf"(?<![{NUMERALS}0-9.])[{''.join(DIGITS)}0-9]+(?:[，,、-][{''.join(DIGITS)}0-9]+)+(?![{NUMERALS}0-9.])"
)
"""Figures in groups, perhaps of one telephone number."""
RUN = re.compile(f"(?<![0-9.{NUMERALS}]){N}++(?![0-9])")
"""Any numeral."""
KEPT = re.compile(
    rf"(?:正月|腊月|冬月|农历|阴历)(?:{N}{{1,2}}月)?(?:初|廿)?{N}*|初{N}+|第{N}+|{FROM}{N}+分之{N}+"
    rf"|(?<![几{NUMERALS}0-9])(?:周|星期|礼拜)[一二三四五六]|{FROM}{ONE}[到至、]{ONE}[十百千万亿]{N}*"
)
"""Lunar days, ordinals, fractions, weekdays, and 三到五百, of which nobody knows whether it is 3 or 300."""
RULES = tuple(re.compile(pattern) for pattern in (*_TIMES, *_DATES, *_HOUSES, *_MEASURED, *_IDENTIFIED))
RANGE = re.compile(rf"(?<![第周期拜初同统几{NUMERALS}0-9])(?P<v1>{ONE})[到至、]")
"""The lower end of a range whose upper end is a number: 三到5号."""
