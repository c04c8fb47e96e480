"""The invented province in which `make bench` measures: the same rows at every run, written by COPY on several processes.

One province (98, a code that no province has) of two cities; a district of three tenths of all communities and
smaller ones; per community the same number of households, residents, visits and issues. The rows are those that saving would
write: what follows from other fields comes from the models themselves (`derive`, `tokens`), and `check` compares
samples.
"""

import datetime as dt
import io
import json
import os
import random
import re
import uuid
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from multiprocessing import get_context

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.core.management.color import no_style
from django.db import connection, connections, models, transaction
from django.utils import timezone

PROVINCE, CITIES, FIRST_DISTRICT = "98", ("9801", "9802"), "980101"
# Of one community.
HOUSEHOLDS, RESIDENTS, VISITS, ISSUES, OPINIONS = 119, 333, 333, 67, 66
COMPOUNDS, BUILDINGS = 2, 6
RESIDENTS_OF_ALL = 1_000_000
DAYS_BACK = 720
CHUNK = 10  # communities whose rows are written at once
BUREAUS = ("住房和城乡建设局", "城市管理局", "市场监督管理局", "民政局", "供水公司")

SURNAMES = (
    "王王王王王王王李李李李李李李张张张张张张刘刘刘刘刘陈陈陈陈杨杨杨黄黄赵赵吴吴周周徐徐孙孙马马朱朱胡胡郭郭何何林林高高"
    "罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江"
    "尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤单仇解区查盖朴翟"
)
GIVEN = re.findall(
    r"\w+",
    "秀英 桂英 玉兰 秀兰 建国 建平 建华 志强 志明 国强 国华 海燕 海涛 小红 小明 小军 丽华 丽娟 丽 敏 静 伟 "
    "强 磊 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 芳 娜 玲 婷 雪梅 春梅 冬梅 红梅 文斌 "
    "文静 文娟 晓东 晓燕 晓明 俊杰 俊峰 子涵 子轩 梓萱 浩然 宇轩 欣怡 诗涵 一诺 思远 思琪 佳怡 佳琪 嘉豪 嘉欣 天宇 "
    "天佑 雨桐 雨欣 梦瑶 梦琪 若曦 永福 永强 永红 德胜 德明 德华 长春 长林 长青 庆丰 庆华 玉梅 玉珍 玉华 淑珍 淑芬 "
    "淑华 淑兰 凤英 凤兰 翠兰 翠英 金凤 金花 银花 宝珍 爱华 爱国 爱民 卫东 卫国 卫民 学军 学文 学农 新民 新华 ",
)
PLACE_FIRST = "湖东西南北锦翠金银玉福安康和景明阳春秋文武学江河山水云龙凤桂梅兰竹松柏杨柳榆枫荷莲"
PLACE_SECOND = "苑园湾岭坡桥庭城里巷台洲溪泉林塘港滨畔岸峰谷坪川泽湖荫华"
# category, title, text
SAID = (
    ("lift", "电梯异响", "电梯上行时有异响，停层不平，老人不敢乘坐，希望尽快检修。"),
    ("lift", "电梯困人", "昨晚电梯把人困在三楼半小时，物业很晚才到，要求查明原因。"),
    ("pipes", "下水道堵塞", "一楼厨房下水道反水，楼上一用水就往外冒，气味很大。"),
    ("pipes", "楼顶漏水", "下雨天顶楼卧室漏水，墙皮脱落，找过物业没有结果。"),
    ("power_water", "水压太低", "晚高峰水压太低，五楼以上热水器打不着火。"),
    ("power_water", "路灯停电", "小区北门一带停电两天，晚上进出看不清路。"),
    ("property", "物业不作为", "楼道半个月没人打扫，垃圾清运不及时，物业电话没人接。"),
    ("sanitation", "垃圾堆放", "垃圾桶旁堆满装修垃圾，夏天蚊蝇多，影响低层住户。"),
    ("parking", "消防通道停车", "消防通道被私家车长期占用，救护车进不来。"),
    ("parking", "充电桩不足", "电动车充电桩太少，有人飞线充电，存在隐患。"),
    ("neighbours", "噪声扰民", "楼上深夜搬动家具，多次沟通无效，希望社区调解。"),
    ("safety", "墙皮脱落", "外墙瓷砖松动，有掉落的危险，下面就是孩子上学的路。"),
    ("illegal_building", "顶楼搭建", "顶楼住户私自搭建阳光房，影响排水和采光。"),
    ("lift_adding", "加装电梯咨询", "二单元想加装电梯，一楼住户有意见，请社区组织协商。"),
    ("elderly", "助餐点太远", "老人腿脚不便，助餐点太远，希望能送餐上门。"),
    ("lighting", "路灯不亮", "三号楼前的路灯坏了一个星期，晚上老人容易摔倒。"),
)
SEEN = (
    "",
    "",
    "老人身体尚可，血压偏高，已提醒按时服药。",
    "反映楼道灯不亮，已记下。",
    "一家三口在家，对社区工作表示满意。",
    "子女在外地，平时由邻居照看，留了联系电话。",
    "询问医保报销手续，已当面解答。",
    "家中整洁，燃气软管已过期，建议更换。",
)


@dataclass(frozen=True)
class Size:
    """How large the world is; `residents` of the whole, everything else follows."""

    residents: int

    @cached_property
    def communities(self):
        return max(round(3000 * self.residents / RESIDENTS_OF_ALL), 10)

    @cached_property
    def codes(self):
        """The codes of the communities: first the large district, then small ones of at most a hundred."""
        large = round(self.communities * 0.3)
        codes = list(codes_in(FIRST_DISTRICT, large, 30))
        rest = self.communities - large
        for number in range(-(-rest // 100)):
            city = CITIES[0] if number < 7 else CITIES[1]
            codes += codes_in(f"{city}{number + 2:02d}", min(100, rest - number * 100), 10)
        return codes

    @property
    def streets(self):
        return sorted({code[:9] for code in self.codes})

    @property
    def districts(self):
        return sorted({code[:6] for code in self.codes})


def codes_in(district, number, a_street):
    return (f"{district}{n // a_street + 1:03d}{n % a_street + 1:03d}" for n in range(number))


def key(kind, number):
    """The client's UUID of a row: the same at every run, another one for every row."""
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


# --- rows as COPY wants them ---


def copied(value):
    """A value as COPY's text format writes it."""
    if value is None:
        return "\\N"
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
    return value.isoformat() if isinstance(value, dt.datetime | dt.date) else str(value)


class Rows:
    """Rows of one model, gathered and then written by one COPY; what is not said has the model's default."""

    def __init__(self, model):
        self.model = model
        self.fields = [field for field in model._meta.concrete_fields if not field.generated]
        self.defaults = [copied(default_of(field)) for field in self.fields]
        self.place = {field.attname: number for number, field in enumerate(self.fields)}
        self.lines = []

    def add(self, **facts):
        line = self.defaults.copy()
        for name, value in facts.items():
            line[self.place[name]] = copied(value)
        self.lines.append("\t".join(line))

    def write(self, cursor):
        columns = ", ".join(f'"{field.column}"' for field in self.fields)
        text = io.StringIO("\n".join([*self.lines, ""]))
        cursor.copy_expert(f'COPY "{self.model._meta.db_table}" ({columns}) FROM STDIN', text)
        self.lines = []


def default_of(field):
    """The default of a column; a moment, a UUID and what has no default every row must say itself."""
    if not field.has_default() or field.default in (timezone.now, uuid.uuid4):
        return None if field.null or not field.empty_strings_allowed else ""
    value = field.get_default()
    return json.dumps(value) if isinstance(field, models.JSONField) else field.get_prep_value(value)


# --- what follows from other fields: asked of the models ---


def derived(row):
    """{column: value} of what `save()` would have set along."""
    return {row._meta.get_field(name).attname: getattr(row, name) for name in row.derive()}


@lru_cache(maxsize=1000)
def of_summary(summary):
    from visits.models import Visit

    return derived(Visit(summary=summary))


@lru_cache(maxsize=1000)
def of_opinion(text):
    from visits.models import Opinion

    return derived(Opinion(text=text))


def place_name(number, endings):
    chance = random.Random(number)
    return f"{chance.choice(PLACE_FIRST)}{chance.choice(PLACE_SECOND)}{endings}"


def person_name(chance):
    return chance.choice(SURNAMES) + chance.choice(GIVEN)


# --- the small tables, by the models ---


class Frame:
    """Divisions, units, people and their posts, compounds and buildings: a few thousand rows, with keys that are known."""

    def __init__(self, size):
        self.size = size
        codes = [PROVINCE, *CITIES, *size.districts, *size.streets, *size.codes]
        self.division = {code: number for number, code in enumerate(codes, 1)}
        self.office = {code: number for number, code in enumerate(codes, 1)}
        after = len(codes)
        self.bureau = {
            (code, n): after + d * len(BUREAUS) + n + 1
            for d, code in enumerate(size.districts)
            for n in range(len(BUREAUS))
        }
        users = [*(f"secretary-{code}" for code in size.codes), *(f"cadre-{code}" for code in size.codes)]
        users += [f"street-{code}" for code in size.streets] + [f"district-{code}" for code in size.districts]
        users += [f"handler-{code}-{n}" for code, n in self.bureau] + ["city", "province"]
        self.user = {name: number for number, name in enumerate(users, 1)}

    def write(self):
        from accounts.models import User
        from communities.models import Assignment, Building, Compound, Division, Unit

        with transaction.atomic():
            create(Division, self.divisions())
            create(Unit, self.units())
            create(User, self.users(User))
            create(Assignment, self.posts())
            create(Compound, self.compounds())
            create(Building, self.buildings())

    def divisions(self):
        from communities.models import Division
        from communities.models.division import LEVEL_BY_DIGITS

        endings = {2: "省", 4: "市", 6: "区", 9: "街道", 12: "社区"}
        for code, pk in self.division.items():
            name = place_name(int(code), endings[len(code)])
            parent = self.division.get(code[:-3] if len(code) > 6 else code[:-2])
            yield Division(
                pk=pk, code=code, level=LEVEL_BY_DIGITS[len(code)], name=name, full_name=name, parent_id=parent
            )

    def units(self):
        from communities.models import Unit

        for code, pk in self.office.items():
            name = place_name(int(code), "办事处")
            yield Unit(
                pk=pk, kind="office", name=name, division_id=self.division[code], area_path=code, path=f"A{code}"
            )
        for (code, n), pk in self.bureau.items():
            yield Unit(
                pk=pk,
                kind="bureau",
                name=f"{place_name(int(code), '区')}{BUREAUS[n]}",
                division_id=self.division[code],
                parent_id=self.office[code],
                area_path=code,
                path=f"A{code}/{pk:08d}",
            )

    def users(self, model):
        password = make_password(None)
        for name, pk in self.user.items():
            yield model(pk=pk, username=name, name=person_name(random.Random(name)), password=password)

    def posts(self):
        """Secretaries and cadres of communities, coordinators of streets, admins above, handlers of bureaus."""
        from communities.models import Assignment

        roles = {
            "secretary": "secretary",
            "cadre": "street_cadre",
            "street": "coordinator",
            "district": "district_admin",
        }
        for pk, (name, user) in enumerate(self.user.items(), 1):
            word, *rest = name.split("-")
            post = Assignment(pk=pk, user_id=user, since=dt.date(2020, 1, 1))
            if word == "handler":
                post.role, post.unit_id, post.area_path = "handler", self.bureau[rest[0], int(rest[1])], rest[0]
            else:
                post.area_path = rest[0] if rest else {"city": CITIES[0], "province": PROVINCE}[word]
                post.role, post.division_id = roles.get(word, "district_admin"), self.division[post.area_path]
            yield post

    def compounds(self):
        from communities.models import Compound

        for number, code in enumerate(self.size.codes):
            for n in range(COMPOUNDS):
                pk = number * COMPOUNDS + n + 1
                name = place_name(10**13 + pk, ("小区", "花园")[n])
                yield Compound(
                    pk=pk,
                    client_uuid=key(1, pk),
                    name=name,
                    community_id=self.division[code],
                    area_path=code,
                    management=("none", "property")[pk % 3 > 0],
                )

    def buildings(self):
        from communities.models import Building

        for number in range(len(self.size.codes)):
            for n in range(BUILDINGS):
                compound = number * COMPOUNDS + n * COMPOUNDS // BUILDINGS + 1
                pk = number * BUILDINGS + n + 1
                yield Building(pk=pk, compound_id=compound, name=f"{n % 3 + 1}号楼", walk_order=n % 3 + 1)


def create(model, rows):
    rows = list(rows)
    for row in rows:
        if hasattr(row, "derive"):
            row.derive()
    model.objects.bulk_create(rows, batch_size=2000)


# --- the large tables, by COPY ---


class Community:
    """The rows of one community."""

    def __init__(self, frame, number, categories, now):
        self.frame, self.number, self.categories, self.now = frame, number, categories, now
        self.code = frame.size.codes[number]
        self.chance = random.Random(number)
        self.secretary, self.cadre = frame.user[f"secretary-{self.code}"], frame.user[f"cadre-{self.code}"]
        self.compound_names = [
            place_name(10**13 + number * COMPOUNDS + n + 1, ("小区", "花园")[n]) for n in range(COMPOUNDS)
        ]

    def days_ago(self, most=DAYS_BACK, least=0.1):
        return self.now - dt.timedelta(days=self.chance.uniform(least, most))

    def write(self, rows):
        self.doors = [self.household(rows, n) for n in range(HOUSEHOLDS)]
        self.people = [self.resident(rows, n) for n in range(RESIDENTS)]
        for n in range(VISITS):
            self.visit(rows, n)
        for n in range(ISSUES):
            IssueOf(self, n).write(rows)

    def household(self, rows, n):
        """(key, compound, building, address in the compound)"""
        from communities.models import Building, Compound, Household

        pk = self.number * HOUSEHOLDS + n + 1
        place = n * BUILDINGS // HOUSEHOLDS
        compound, building = place * COMPOUNDS // BUILDINGS, place % 3 + 1
        inside = n - -(-place * HOUSEHOLDS // BUILDINGS)
        row = Household(
            compound=Compound(pk=self.number * COMPOUNDS + compound + 1, name=self.compound_names[compound]),
            building=Building(pk=self.number * BUILDINGS + place + 1, name=f"{building}号楼", walk_order=building),
            stair=str(inside // 10 + 1),
            door=f"{inside % 10 // 2 + 1}0{inside % 2 + 1}",
        )
        rows["household"].add(
            id=pk,
            client_uuid=key(2, pk),
            created_at=self.now,
            created_by_id=self.secretary,
            compound_id=row.compound_id,
            building_id=row.building_id,
            stair=row.stair,
            door=row.door,
            occupancy="tenant" if n % 9 == 0 else "owner",
            area_path=self.code,
            **derived(row),
        )
        return pk, row.compound_id, row.building_id, row.place

    def resident(self, rows, n):
        from communities.models import Resident
        from foundation.fields import encrypt

        pk = self.number * RESIDENTS + n + 1
        household = self.doors[n % HOUSEHOLDS][0]
        row = Resident(name=person_name(self.chance), phone=f"1300{pk % 10_000_000:07d}" if n % 5 < 3 else "")
        follows = derived(row)
        for secret in ("phone", "id_number"):
            follows[secret] = encrypt(follows[secret])
        rows["resident"].add(
            id=pk,
            client_uuid=key(3, pk),
            created_at=self.now,
            created_by_id=self.secretary,
            household_id=household,
            area_path=self.code,
            name=row.name,
            sex="fm"[pk % 2],
            born_on=dt.date(
                1930 + self.chance.randrange(95), self.chance.randrange(12) + 1, self.chance.randrange(28) + 1
            ),
            is_head=n < HOUSEHOLDS,
            care_level=(1, 2, 3)[n % 3] if n % 12 == 0 else None,
            residency=("", "same", "same", "absent", "tenant")[pk % 5],
            verified_on=(self.now - dt.timedelta(days=self.chance.randrange(900))).date() if n % 2 else None,
            **follows,
        )
        return pk, household, row.name

    def visit(self, rows, n):
        pk = self.number * VISITS + n + 1
        door = self.doors[n * 7 % HOUSEHOLDS]
        at = self.days_ago()
        outcome = self.chance.choices(("met", "proxy_met", "nobody_home", "declined"), (80, 8, 10, 2))[0]
        met = outcome in ("met", "proxy_met")
        summary = self.chance.choice(SEEN)
        place = {"area_path": self.code, "area_path_then": self.code, "created_at": at, "created_by_id": self.cadre}
        rows["visit"].add(
            id=pk,
            client_uuid=key(4, pk),
            household_id=door[0],
            compound_id=door[1],
            outcome=outcome,
            situation="" if not met else self.chance.choices(("normal", "attention", "urgent"), (90, 9, 1))[0],
            visited_at=at,
            people_met=self.chance.randrange(1, 4) if met else 0,
            summary=summary,
            **of_summary(summary),
            **place,
        )
        self.entry(rows, "visits.visit", pk, "log", at, self.cadre, number=pk, data={"outcome": outcome})
        if n < OPINIONS:
            category, _title, text = self.chance.choice(SAID)
            rows["opinion"].add(
                id=self.number * OPINIONS + n + 1,
                client_uuid=key(5, pk),
                visit_id=pk,
                text=text,
                category_id=self.categories[category],
                handling="answered",
                **of_opinion(text),
                **place,
            )

    def entry(self, rows, kind, pk, verb, at, actor, *, number, before="", after="", data=None):
        rows["entry"].add(
            id=number,
            subject_type=kind,
            subject_id=pk,
            verb=verb,
            before=before,
            after=after,
            data=json.dumps(data or {}),
            actor_id=actor,
            area_path=self.code,
            at=at,
            public=verb != "log",
        )


# How far along an issue is, with the verbs that brought it there.
COURSE = {
    "submitted": (),
    "registered": ("register",),
    "dispatched": ("register", "send_up", "dispatch"),
    "in_progress": ("register", "send_up", "dispatch", "sign"),
    "verifying": ("register", "send_up", "dispatch", "sign", "report_done"),
    "closed": ("register", "send_up", "dispatch", "sign", "report_done", "confirm"),
}
STATES = {verb: state for state, verbs in COURSE.items() for verb in verbs[-1:]} | {"send_up": "registered"}
SHARES = {"submitted": 2, "registered": 2, "dispatched": 2, "in_progress": 4, "verifying": 2, "closed": 88}
MOST_ENTRIES = 8  # of one issue


class IssueOf:
    """One issue of a community with its journal, work order and call-back."""

    def __init__(self, community, n):
        self.community, self.chance = community, community.chance
        self.pk = community.number * ISSUES + n + 1
        self.status = self.chance.choices(list(SHARES), list(SHARES.values()))[0]
        self.category, self.title, self.text = self.chance.choice(SAID)
        self.since = community.days_ago() if self.status == "closed" else community.days_ago(25)
        self.verbs = COURSE[self.status]
        self.moments = [self.since]
        for _verb in self.verbs:
            step = (community.now - self.moments[-1]) / 3
            self.moments.append(self.moments[-1] + min(step, dt.timedelta(hours=self.chance.uniform(1, 40))))
        code = community.code[:6]
        self.bureau = self.pk % len(BUREAUS)
        self.unit = community.frame.bureau[code, self.bureau]
        self.handler = community.frame.user[f"handler-{code}-{self.bureau}"]
        self.coordinator = community.frame.user[f"street-{community.code[:9]}"]

    def moment(self, verb):
        return self.moments[self.verbs.index(verb) + 1] if verb in self.verbs else None

    def write(self, rows):
        from issues.models import Issue

        community, frame = self.community, self.community.frame
        door = self.chance.choice(community.doors)
        desk = frame.office[community.code[:9] if "send_up" in self.verbs else community.code]
        number = f"SQ{self.since:%Y%m%d}-{letters(self.pk)}"
        registered = self.moment("register")
        words = Issue(number=number, title=self.title, text=self.text, address=door[3])
        rows["issue"].add(
            id=self.pk,
            client_uuid=key(6, self.pk),
            version=len(self.verbs) + 1,
            created_at=self.since,
            created_by_id=community.cadre,
            number=number,
            title=self.title,
            text=self.text,
            address=door[3],
            **derived(words),
            category_id=community.categories[self.category],
            urgency=("general", "general", "general", "urgent")[self.pk % 4],
            channel=("visit", "counter", "telephone")[self.pk % 3],
            anonymity="confidential" if self.pk % 50 == 0 else "named",
            community_id=frame.division[community.code],
            compound_id=door[1],
            building_id=door[2],
            household_id=door[0],
            area_path=community.code,
            area_path_then=community.code,
            desk_id=desk,
            status=self.status,
            closure_reason=("resolved", "resolved", "resolved", "explained")[self.pk % 4]
            if self.status == "closed"
            else "",
            submitted_at=self.since,
            registered_at=registered,
            due_at=registered + dt.timedelta(days=7) if registered else None,
            done_at=self.moment("report_done"),
            closed_at=self.moment("confirm"),
            result="已上门处理，恢复正常。" if "report_done" in self.verbs else "",
        )
        self.journal(rows)
        self.reporter(rows)
        if "dispatch" in self.verbs:
            self.order(rows)
        if "confirm" in self.verbs:
            self.callback(rows)

    def journal(self, rows):
        community = self.community
        first = community.frame.size.communities * VISITS + (self.pk - 1) * MOST_ENTRIES + 1
        actors = {"dispatch": self.coordinator, "sign": self.handler, "report_done": self.handler}
        state = "submitted"
        community.entry(rows, "issues.issue", self.pk, "report", self.since, community.cadre, number=first, after=state)
        for step, verb in enumerate(self.verbs, 1):
            after = STATES[verb]
            community.entry(
                rows,
                "issues.issue",
                self.pk,
                verb,
                self.moments[step],
                actors.get(verb, community.secretary),
                number=first + step,
                before=state,
                after=after,
            )
            state = after

    def reporter(self, rows):
        person = self.chance.choice(self.community.people)
        rows["reporter"].add(id=self.pk, issue_id=self.pk, resident_id=person[0], name=person[2])

    def order(self, rows):
        state = (
            "done"
            if self.status in ("verifying", "closed")
            else "signed"
            if self.status == "in_progress"
            else "pending"
        )
        rows["order"].add(
            id=self.pk,
            issue_id=self.pk,
            unit_id=self.unit,
            state=state,
            handler_id=self.handler if state != "pending" else None,
            created_by_id=self.coordinator,
            created_at=self.moment("dispatch"),
            signed_at=self.moment("sign"),
            done_at=self.moment("report_done"),
        )
        if state != "pending":
            rows["hand"].add(id=self.pk, work_order_id=self.pk, user_id=self.handler)

    def callback(self, rows):
        rows["callback"].add(
            id=self.pk,
            issue_id=self.pk,
            round=1,
            by_id=self.community.secretary,
            at=self.moment("confirm"),
            outcome="confirmed",
            satisfaction=("satisfied", "satisfied", "basically", "dissatisfied", "")[self.pk % 5],
        )


def letters(number):
    """Five letters that only this number has."""
    from issues.models.issue import NUMBER_LETTERS as ALPHABET

    found = ""
    # The step has no factor in common with the number of letters, so every number has letters of its own.
    number = number * 7_368_787 % len(ALPHABET) ** 5
    for _place in range(5):
        number, rest = divmod(number, len(ALPHABET))
        found += ALPHABET[rest]
    return found


def tables():
    """{short word: model} of what is written by COPY."""
    from communities.models import Household, Resident
    from foundation.journal.models import Entry
    from issues.models import Callback, Issue, Reporter, WorkOrder
    from issues.models.work_order import Hand
    from visits.models import Opinion, Visit

    return {
        "household": Household,
        "resident": Resident,
        "visit": Visit,
        "opinion": Opinion,
        "issue": Issue,
        "reporter": Reporter,
        "order": WorkOrder,
        "hand": Hand,
        "callback": Callback,
        "entry": Entry,
    }


def write_part(residents, part, parts, now):
    """Every `parts`-th chunk of communities, in a process of its own."""
    from issues.models import Category

    frame = Frame(Size(residents))
    categories = dict(Category.objects.filter(area_path="").values_list("code", "pk"))
    rows = {word: Rows(model) for word, model in tables().items()}
    numbers = range(frame.size.communities)
    chunks = [numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK)]
    with connection.cursor() as cursor:
        # Neither foreign keys nor the journal's trigger look at every row: the rows are known to be right.
        cursor.execute("SET session_replication_role = replica")
        for chunk in chunks[part::parts]:
            for number in chunk:
                Community(frame, number, categories, now).write(rows)
            with transaction.atomic():
                for table in rows.values():
                    table.write(cursor)
    connection.close()


def index_statements():
    """[(drop, create)] of the indexes of the large tables that no constraint needs."""
    names = [model._meta.db_table for model in tables().values()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.tablename = ANY(%s) AND NOT EXISTS"
            " (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname) ORDER BY i.tablename, i.indexname",
            [names],
        )
        return [(f'DROP INDEX "{name}"', definition) for name, definition in cursor.fetchall()]


def run_statements(statements):
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def build(residents, *, say, processes=None):
    """Write the world into the empty database: places and people by the models, the rest by COPY, then the indexes."""
    processes = processes or min(os.cpu_count() or 1, 4)
    now = timezone.now().replace(microsecond=0)
    frame = Frame(Size(residents))
    frame.write()
    say(f"{len(frame.division)} divisions, {len(frame.user)} people")
    indexes = index_statements()
    run_statements([drop for drop, _create in indexes])
    connections.close_all()
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        for done in [pool.submit(write_part, residents, part, processes, now) for part in range(processes)]:
            done.result()
        say("rows are written")
        creates = [create for _drop, create in indexes]
        for done in [pool.submit(run_statements, creates[part::processes]) for part in range(processes)]:
            done.result()
    say("indexes are built")
    settle()
    return frame


def settle():
    """Sequences behind the keys that were given, statistics, and the map of what everybody sees."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(apps.get_models())):
            cursor.execute(statement)
        cursor.execute("VACUUM (ANALYZE)")


def check(samples=50):
    """Compare samples with what saving would write; AssertionError with the row that differs."""
    chance = random.Random(7)
    for word in ("household", "resident", "visit", "opinion", "issue"):
        model = tables()[word]
        last = model.objects.aggregate(n=models.Max("pk"))["n"]
        for row in model.objects.filter(pk__in=[chance.randrange(1, last + 1) for _n in range(samples)]):
            stored = {name: getattr(row, name) for name in row.derive()}
            row.refresh_from_db()
            assert stored == {name: getattr(row, name) for name in stored}, (word, row.pk, stored)
            row.clean_fields(exclude=[field.name for field in row._meta.fields if field.is_relation])
