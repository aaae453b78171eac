"""How callers name themselves (我叫李明, 我姓王) and how agents address them (王女士). PURE."""

from __future__ import annotations

import re

from gateway.tickets.spoken import Finding, Folded

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛"
    "闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤施洪季康章阮柳岳齐梅庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕佟"
)
_COMPOUND = "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒"
_SURNAME = rf"(?:{_COMPOUND}|[{_SURNAMES}])"
_NO_GIVEN = "的是我你他她在住电手联想要家今昨有和说来打反投举报叫号这那，。"
_FULL_NAME = re.compile(
    rf"(?:我叫|名字是|名字叫|我的名字|名叫)(?:做)?(?P<name>{_SURNAME}(?:(?![{_NO_GIVEN}])[\u4e00-\u9fff]){{1,2}})"
)
_OWN_SURNAME = re.compile(
    rf"(?:我姓|免贵姓|本人姓|姓)(?P<name>{_SURNAME})(?:，?(?:叫|名字叫)(?P<full>{_SURNAME}(?:(?![{_NO_GIVEN}])[\u4e00-\u9fff]){{1,2}}))?"
)
_TITLED = re.compile(rf"(?P<name>{_SURNAME}(?:先生|女士|小姐|大爷|大妈|阿姨|师傅))")
_TITLES = {"小姐": "女士", "大爷": "先生", "师傅": "先生", "大妈": "女士", "阿姨": "女士"}


def find_names(text: str) -> list[Finding]:
    """The names by which the caller introduces himself: 我叫李明, 我姓王, 免贵姓陈. A surname alone stays one."""
    folded = Folded(text)
    found = []
    for pattern, confidence, rule in ((_FULL_NAME, 0.9, "name.full"), (_OWN_SURNAME, 0.75, "name.surname")):
        for m in pattern.finditer(folded.text):
            group = "full" if rule == "name.surname" and m["full"] else "name"
            start, end = folded.span(*m.span(group))
            found.append(Finding(value=m[group], start=start, end=end, confidence=confidence, rule=rule))
    return sorted(found, key=lambda f: f.start)


def find_address_forms(text: str) -> list[Finding]:
    """How one side addresses the other: 王先生, 李女士. For the agent's words, where they name the caller."""
    folded = Folded(text)
    found = []
    for m in _TITLED.finditer(folded.text):
        start, end = folded.span(*m.span("name"))
        title = m["name"][-2:]
        value = m["name"][:-2] + _TITLES.get(title, title)
        found.append(Finding(value=value, start=start, end=end, confidence=0.6, rule="name.addressed"))
    return found
