"""The columns of each kind of roster: what they are called in ledgers, how a cell is read, what the template says about them."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override, pgettext_lazy

from accounts.models import User
from communities.access import Role
from communities.models.care import CareLevel
from communities.models.compound import Building, Compound, Developer, Management
from communities.models.compound import Kind as CompoundKind
from communities.models.household import Household
from communities.models.resident import Residency, Resident
from communities.models.unit import Kind as UnitKind
from communities.models.unit import Unit
from communities.rosters import cells

LANGUAGES = ("zh-hans", "en")
REMARK = 1000


@dataclass(frozen=True)
class Column:
    """`synonyms` are headings of ledgers besides the label in both languages; `choices` go into the template's drop-down list.

    `secret`: never shown or kept outside of the encrypted columns.
    """

    code: str
    label: str
    read: Callable
    synonyms: tuple = ()
    required: bool = False
    help: str = ""
    choices: tuple = ()
    width: int = 14
    as_text: bool = False
    secret: bool = False

    def headings(self):
        """Everything this column may be called, folded."""
        words = [*self.synonyms]
        for language in LANGUAGES:
            with override(language):
                words.append(str(self.label))
        return {cells.folded(word) for word in words}


def most(model, name):
    return model._meta.get_field(name).max_length


def of_choices(choices, **synonyms):
    """{word: value} of a model's choices, by their words in both languages, their codes, and further spellings."""
    words = {}
    for value, label in choices:
        for language in LANGUAGES:
            with override(language):
                words[str(label)] = value
        if value not in ("", None):
            words[str(value)] = value
    return words | {word: value for value, spellings in synonyms.items() for word in spellings.split()}


def labels(choices):
    return tuple(label for value, label in choices if value not in ("", None))


OCCUPANCIES = Household._meta.get_field("occupancy").choices
SEXES = Resident._meta.get_field("sex").choices
UNIT_KINDS = [(value, label) for value, label in UnitKind.choices if value != UnitKind.OFFICE]
YES = dict.fromkeys(["是", "户主", "本人", "√", "✓", "y", "yes", "true", "1", "head"], True)
RELATIVES = """
配偶 妻 夫 妻子 丈夫 子 女 儿子 女儿 长子 次子 长女 次女 父 母 父亲 母亲 岳父 岳母 公公 婆婆 孙 孙子 孙女 外孙 外孙女 儿媳 女婿
兄 弟 姐 妹 哥哥 弟弟 姐姐 妹妹 兄弟 姐妹 祖父 祖母 爷爷 奶奶 租客 租户 其他 其它 亲属 保姆
"""
NO = dict.fromkeys(["否", "非", "×", "n", "no", "false", "0", *RELATIVES.split()], False)
RESIDENCIES = of_choices(
    Residency.choices,
    same="人户一致 常住 人在户在 户在人在",
    absent="户在人不在 空挂 空挂户 人不在户在",
    elsewhere="人在户不在 户不在人在 人户分离 流动人口",
    tenant="租住 租户 租客 租房 承租",
)
LEVELS = of_choices(CareLevel.choices)
OCCUPANCY = of_choices(
    OCCUPANCIES,
    owner="自住 自有 业主自住 业主",
    tenant="出租 租住 租赁",
    vacant="空置 空房 无人居住",
    unknown="不详 不明",
)

COMMUNITY = Column(
    "community",
    _("community"),
    cells.text(80),
    ("社区", "所属社区", "社区名称", "村居", "居委会", "村（社区）", "社区代码"),
    help=_("Name or code; only needed if the import is for several communities."),
    as_text=True,
)
COMPOUND = Column(
    "compound",
    _("compound"),
    cells.name(most(Compound, "name")),
    ("小区", "小区名称", "楼院", "楼院名称", "院落", "居住小区", "小区（楼院）", "小区/楼院"),
    required=True,
    help=_("As it is called in the register of compounds."),
    width=20,
)
BUILDING = Column(
    "building",
    _("building"),
    cells.text(most(Building, "name")),
    ("楼栋", "楼号", "栋号", "幢", "栋", "楼", "楼栋号", "幢号", "号楼"),
    required=True,
    help=_("For example 3号楼, or 3."),
    as_text=True,
)
STAIR = Column(
    "stair",
    _("staircase"),
    cells.text(most(Household, "stair")),
    ("单元", "单元号", "门栋"),
    help=_("For example 1; may stay empty."),
    as_text=True,
)
DOOR = Column(
    "door",
    _("door"),
    cells.text(most(Household, "door")),
    ("门牌", "门牌号", "房号", "室号", "房间号", "户号", "室", "门号", "房屋号"),
    required=True,
    help=_("For example 201."),
    as_text=True,
)
OCCUPANCY_COLUMN = Column(
    "occupancy",
    _("occupancy"),
    cells.choice(OCCUPANCY),
    ("居住状况", "房屋使用情况", "房屋状态", "居住情况", "房屋用途", "住房性质"),
    choices=labels(OCCUPANCIES),
)


def remark():
    return Column("remark", _("remark"), cells.prose(REMARK), ("备注", "说明", "其他情况"), width=24)


COMPOUNDS = (
    COMMUNITY,
    Column(
        "grid",
        _("grid"),
        cells.text(80),
        ("网格", "所属网格", "网格名称", "网格编码", "网格号"),
        help=_("Name or code of the grid, if there is one."),
        as_text=True,
    ),
    Column(
        "name",
        _("name of the compound"),
        COMPOUND.read,
        (*COMPOUND.synonyms, "名称"),
        required=True,
        help=_("Every name once in its community."),
        width=20,
    ),
    Column(
        "kind",
        _("kind"),
        cells.choice(of_choices(CompoundKind.choices, courtyard="院落 大院 家属院", block="单体 独栋 独栋楼")),
        ("类型", "类别", "小区类型"),
        choices=labels(CompoundKind.choices),
    ),
    Column(
        "management",
        _("management"),
        cells.choice(
            of_choices(
                Management.choices,
                property="物业管理 有物业 专业物业 物业公司",
                self="自管 居民自管 自治管理",
                interim="社区代管 托管 社区托管",
                none="无物业 无主管 三无 弃管 无人管理",
            )
        ),
        ("管理方式", "管理模式", "物业管理方式", "物业情况"),
        choices=labels(Management.choices),
        help=_("For new compounds; of others it is changed on their page, with day and reason."),
    ),
    Column(
        "property_unit",
        _("property company"),
        cells.text(most(Unit, "name")),
        ("物业公司", "物业企业", "物业服务企业", "物业名称"),
        help=_("As it is called in the register of units."),
        width=22,
    ),
    Column(
        "developer_kind",
        _("built by"),
        cells.choice(
            of_choices(
                Developer.choices,
                employer="单位自建 单位 单位房 集资",
                reform="房改 房改房",
                developer="开发商 商品房",
                resettlement="安置 安置房 回迁 回迁房",
                self_built="自建 自建房",
                unknown="不详 不明",
            )
        ),
        ("建设主体", "建设单位类型", "房屋性质"),
        choices=labels(Developer.choices),
    ),
    Column(
        "built_year",
        _("year built"),
        cells.number(1850, 2100),
        ("建成年份", "建成时间", "竣工年份", "建设年代", "年代"),
    ),
    Column("stated_buildings", _("buildings"), cells.number(0, 9999), ("楼栋数", "栋数", "楼栋数量", "幢数", "楼数")),
    Column("stated_households", _("households"), cells.number(0, 99999), ("户数", "总户数", "住户数", "居民户数")),
    Column("address", _("address"), cells.prose(most(Compound, "address")), ("地址", "详细地址", "坐落"), width=28),
    remark(),
)
HOUSEHOLDS = (
    COMMUNITY,
    COMPOUND,
    BUILDING,
    STAIR,
    DOOR,
    OCCUPANCY_COLUMN,
    remark(),
)
RESIDENTS = (
    COMMUNITY,
    COMPOUND,
    BUILDING,
    STAIR,
    DOOR,
    Column(
        "name",
        pgettext_lazy("of a person", "name"),
        cells.name(most(Resident, "name")),
        ("姓名", "居民姓名", "人员姓名", "名字", "成员姓名"),
        required=True,
        help=_("As on the ID card."),
    ),
    Column(
        "sex",
        _("sex"),
        cells.choice(of_choices(SEXES, f="女 女性", m="男 男性")),
        ("性别",),
        choices=labels(SEXES),
        help=_("May stay empty if there is an ID number."),
        width=8,
    ),
    Column(
        "id_number",
        _("ID number"),
        cells.id_number,
        ("身份证", "身份证号", "身份证号码", "公民身份号码", "证件号码", "证件号", "身份证件号码"),
        help=_("18 characters, formatted as text."),
        width=22,
        as_text=True,
        secret=True,
    ),
    Column(
        "born_on",
        _("born on"),
        cells.past_day,
        ("出生日期", "出生年月日", "出生年月", "生日", "出生时间"),
        help=_("1950-01-03; may stay empty if there is an ID number."),
    ),
    Column(
        "phone",
        _("phone"),
        cells.phone,
        ("电话", "手机", "手机号", "手机号码", "联系电话", "联系方式", "电话号码"),
        help=_("Mobile, or landline with area code."),
        as_text=True,
        secret=True,
    ),
    Column(
        "is_head",
        _("head of household"),
        cells.choice(YES | NO),
        ("户主", "是否户主", "与户主关系", "家庭关系", "关系"),
        help=_("Yes or no; the relation to the head is understood, too."),
    ),
    Column(
        "residency",
        _("residence and registration"),
        cells.choice(RESIDENCIES),
        ("人户情况", "人户状态", "户籍情况", "居住类型", "户口情况"),
        choices=labels(Residency.choices),
        width=18,
    ),
    Column(
        "care_level",
        _("care level"),
        cells.choice(LEVELS),
        ("关爱等级", "关爱级别", "关注等级", "关注级别", "走访等级"),
        choices=labels(CareLevel.choices),
    ),
    Column(
        "categories",
        _("care categories"),
        cells.several,
        ("关爱类别", "人员类别", "特殊人群", "重点人群类别", "人群类别", "关爱对象类别"),
        help=_("Several with 、 between them."),
        width=20,
    ),
    remark(),
    OCCUPANCY_COLUMN,
)
UNITS = (
    Column(
        "place",
        _("area"),
        cells.text(80),
        ("所属区域", "辖区", "地区", "区域", "所属地区", "行政区划代码", "区划代码", "服务区域"),
        help=_("Name or code of the community, street or district that it serves; empty: the place of the import."),
        as_text=True,
    ),
    Column(
        "name",
        _("name of the unit"),
        cells.name(most(Unit, "name")),
        ("单位名称", "单位", "名称", "机构名称", "部门", "部门名称"),
        required=True,
        width=26,
    ),
    Column(
        "kind",
        _("kind"),
        cells.choice(
            of_choices(
                UNIT_KINDS,
                bureau="部门 政府部门 局 委办局 职能部门",
                utility="公用事业 水电气暖 公共服务企业",
                property="物业 物业公司 物业服务企业",
                team="服务队 志愿服务队 队伍",
                support="包联单位 包保单位 共建单位 结对单位",
                office="街道办事处 居委会",
            )
        ),
        ("类型", "类别", "单位类型", "单位性质"),
        required=True,
        choices=labels(UNIT_KINDS),
    ),
    Column("phone", _("office phone"), cells.office_phone, ("电话", "办公电话", "联系电话", "值班电话"), as_text=True),
    Column("address", _("address"), cells.prose(most(Unit, "address")), ("地址", "办公地址", "单位地址"), width=28),
)
ROLES = [(value, label) for value, label in Role.choices]
STAFF = (
    Column(
        "name",
        pgettext_lazy("of a person", "name"),
        cells.name(most(User, "name")),
        ("姓名", "工作人员姓名", "人员姓名"),
        required=True,
    ),
    Column(
        "username",
        _("user name"),
        cells.text(most(User, "username")),
        ("用户名", "账号", "帐号", "登录名", "账户"),
        required=True,
        help=_("For signing in: letters, digits, hyphens; no blanks."),
        as_text=True,
    ),
    Column(
        "phone",
        _("mobile phone"),
        cells.phone,
        ("手机", "手机号", "手机号码", "联系电话", "电话"),
        as_text=True,
        secret=True,
    ),
    Column("email", _("e-mail"), cells.email, ("邮箱", "电子邮箱", "电子邮件", "email"), width=22),
    Column("office_phone", _("office phone"), cells.office_phone, ("办公电话", "座机", "值班电话"), as_text=True),
    Column(
        "role",
        _("role"),
        cells.choice(
            of_choices(
                ROLES,
                grid_worker="网格员 专职网格员 网格长",
                street_cadre="街道干部 包联干部",
                secretary="社区书记 书记 社区党组织书记",
                coordinator="街道经办 街道经办人",
                handler="部门经办 经办人 部门经办人 承办人",
                district_admin="区级管理员",
                auditor="审计员",
            )
        ),
        ("角色", "职务", "岗位"),
        required=True,
        choices=labels([role for role in ROLES if role[0] != Role.ADMIN]),
    ),
    Column(
        "place",
        _("place"),
        cells.text(120),
        ("工作地点", "区划代码", "行政区划代码", "所属区域", "辖区", "地区", "单位", "所在单位", "社区", "网格"),
        help=_("Code or name of the place; for a handler the name of the unit. Empty: the place of the import."),
        width=24,
        as_text=True,
    ),
    Column(
        "since",
        _("in the post since"),
        cells.day,
        ("任职日期", "开始日期", "起始日期", "任职时间", "到岗日期"),
        help=_("Empty: today."),
    ),
)
COLUMNS = {"compounds": COMPOUNDS, "households": HOUSEHOLDS, "residents": RESIDENTS, "units": UNITS, "staff": STAFF}
BY_CODE = {kind: {column.code: column for column in columns} for kind, columns in COLUMNS.items()}
