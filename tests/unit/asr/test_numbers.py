"""Numerals as a recogniser hears them, and the digits in which a clerk writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.asr.evaluate import comparable
from gateway.asr.text.numbers import number_edits, write_numbers

QUANTITIES = """
三千五百元|3500元
两百块钱|200块钱
一共十二个人|一共12个人
有二十多户居民|有20多户居民
三百多人签字|300多人签字
一千余户|1000余户
欠了三万块钱|欠了3万块钱
三十万元|30万元
一百二十万|120万
三千五百万|3500万
两亿三千万|2亿3000万
一万两千三百四十五元|12345元
一万二|12000
一千八百块|1800块
三百二十平米|320平米
一百零五斤|105斤
一千零五十户|1050户
一万零八百元|10800元
两千零五十块|2050块
十元|10元
十块钱|10块钱
十个小时|10个小时
十天没水了|10天没水了
等了二十分钟|等了20分钟
等了五分钟|等了5分钟
三公里以外|3公里以外
八百米|800米
两吨垃圾|2吨垃圾
五斤鸡蛋|5斤鸡蛋
每月八元|每月8元
三小时|3小时
孩子三岁|孩子3岁
老人八十五岁|老人85岁
八十多岁的老人|80多岁的老人
停了四十八小时|停了48小时
二十四小时营业|24小时营业
九十年代的房子|90年代的房子
二十一世纪|21世纪
一百兆宽带|100兆宽带
罚款五百|罚款500
工资三千八|工资3800
每月两千五|每月2500
十五到二十天|15到20天
五到十天|5到10天
三十二度|32度
零下五度|零下5度
体温三十八度五|体温38度5
一米八高|1米8高
三块五毛|3块5毛
十二块八|12块8
三十四块一毛九|34块1毛9
五块五的|5块5的
三块五一斤|3块5一斤
五元三角|5元3角
二百五十块|250块
二百五十户|250户
"""
SHARES = """
百分之九十五|95%
百分之五|5%
百分之百|100%
百分之一百二十|120%
百分之三点五|3.5%
百分之零点五|0.5%
涨了百分之二十左右|涨了20%左右
三点五公里|3.5公里
零点五公里|0.5公里
一点五倍|1.5倍
一点二万|1.2万
两点五米|2.5米
三点一四|3.14
十二点五平米|12.5平米
涨到三点五了|涨到3.5了
三点零五公里|3.05公里
"""
TIMES = """
二零二五年三月五号|2025年3月5号
二零二五年三月五日|2025年3月5日
二〇二四年|2024年
一九九八年建的|1998年建的
两千零八年|2008年
九八年的房子|98年的房子
零八年|08年
一五年买的|15年买的
二五年一月|25年1月
三月五号|3月5号
十二月三十一号|12月31号
十月一号|10月1号
从三月到现在|从3月到现在
去年八月份|去年8月份
一月份|1月份
二十一号上午|21号上午
十五号之前|15号之前
五号|5号
三到五号|3到5号
下午三点半|下午3点半
早上八点|早上8点
晚上十点|晚上10点
晚上十一点多|晚上11点多
凌晨两点|凌晨2点
下午一点|下午1点
一点半|1点半
两点半|2点半
三点钟|3点钟
八点十五分|8点15分
八点五分|8点5分
八点十分|8点10分
八点零五分|8点05分
下午三点二十|下午3点20
九点一刻|9点一刻
十二点|12点
每天八点上班|每天8点上班
早上八点到晚上十点|早上8点到晚上10点
两点到四点|2点到4点
晚上大概九点|晚上大概9点
十点以后还在吵|10点以后还在吵
七点左右|7点左右
星期五下午三点|星期五下午3点
周三上午十点|周三上午10点
六点五十|6点50
"""
HOUSES = """
三十六号楼二单元五零二室|36号楼2单元502室
幸福路一百二十号|幸福路120号
幸福路八号|幸福路8号
五一路一百二十号五号楼|五一路120号5号楼
三号楼|3号楼
十二楼|12楼
三楼|3楼
一楼|1楼
二十三层|23层
一单元|1单元
二单元三零一|2单元301
三栋二单元|3栋2单元
三栋二单元五零二|3栋2单元502
十五栋|15栋
阳光小区七栋|阳光小区7栋
幸福家园二期八幢|幸福家园二期8幢
五号楼一单元三零二|5号楼1单元302
一零二室|102室
八零一房间|801房间
一千二百零三室|1203室
三百弄五号|300弄5号
八弄六号|8弄6号
甲八号|甲8号
三杠二杠五零一|3-2-501
十二杠三零一|12-301
我住五零二|我住502
三号院二号楼|3号院2号楼
二号线|2号线
地铁十号线|地铁10号线
长江路五百六十八号|长江路568号
人民路三号门|人民路3号门
一到六楼|1到6楼
三、四号楼|3、4号楼
建设大街二百一十六号|建设大街216号
二十八号院|28号院
一百八十八弄十二号|188弄12号
"""
LINES = """
幺零二路|102路
坐八路车|坐8路车
坐三路|坐3路
八路公交车|8路公交车
五十二路公交|52路公交
十八路|18路
一百八十九路公交车|189路公交车
三二一路|321路
三零一路|301路
"""
TELEPHONES = """
幺三八零零幺三八零零零|13800138000
我的电话是一三八零零一三八零零零|我的电话是13800138000
一三八零零零零八八八八|13800008888
零一零六八八八九九零零|01068889900
零五七一八八八八六六六六|057188886666
四零零八二零八八二零|4008208820
一二三四五热线|12345热线
打一二三四五|打12345
打幺幺零|打110
打一一零报警|打110报警
拨打一二零|拨打120
打一一九|打119
幺幺四|114
一零零八六|10086
九五五八八|95588
座机八八八九九零零一|座机88899001
一三八，零零一三，八零零零|13800138000
138-0013-8000|13800138000
尾号八八六六|尾号8866
工号一零二三|工号1023
工号二十六|工号26
验证码四五六七八九|验证码456789
车牌京A一二三四五|车牌京A12345
后四位六七八九|后四位6789
邮编一零零零八零|邮编100080
密码三三六六|密码3366
"""
CASES = [
    tuple(line.split("|"))
    for table in (QUANTITIES, SHARES, TIMES, HOUSES, LINES, TELEPHONES)
    for line in table.split("\n")
    if line
]


@pytest.mark.parametrize(("heard", "written"), CASES, ids=[heard for heard, _ in CASES])
def test_a_number_is_written_as_a_clerk_writes_it(heard: str, written: str) -> None:
    assert write_numbers(heard) == written


@pytest.mark.parametrize(("heard", "written"), CASES, ids=[heard for heard, _ in CASES])
def test_a_number_that_is_written_stays(heard: str, written: str) -> None:
    assert write_numbers(written) == written


@pytest.mark.parametrize(("heard", "written"), CASES, ids=[heard for heard, _ in CASES])
def test_writing_a_number_is_no_error_of_recognition(heard: str, written: str) -> None:
    assert comparable(written) == comparable(heard).replace("，", "")


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 150


def test_what_is_kept_stays_in_characters() -> None:
    assert number_edits("我在一零一中学三十号", [(2, 7)]) == number_edits("我在甲乙丙中学三十号")


def test_a_pause_tells_a_telephone_number_from_the_room_before_it() -> None:
    text = "五零二一三八零零一三八零零零"
    assert [e.written for e in number_edits(text, pauses=(3,))] == ["502", "13800138000"]
    assert [e.written for e in number_edits(text)] == ["50213800138000"]


SAID = st.text(
    "零一二两三四五六七八九十百千万亿幺几多第周点分半号楼单元路年月日块米百分之杠到个，、我住在的", max_size=24
)


@given(SAID)
def test_whatever_was_said_stays_the_same_to_the_error_rate(text: str) -> None:
    assert comparable(write_numbers(text)) == comparable(text)


@given(st.text(max_size=40))
def test_text_without_chinese_numerals_stays(text: str) -> None:
    plain = "".join(c for c in text if c not in "零〇○一二两三四五六七八九十百千万亿幺百" and not c.isdecimal())
    assert write_numbers(plain) == plain
