"""Names in Latin letters, so that 王秀英 is found by "wxy" and by "wangxiuying".

Readings come from pypinyin, loaded when the first name is written: who only searches does without it. It says how a
character is read most often; what else a surname or the name of a place may sound like stands here, because a name must
be found by every reading that people use.
"""

import os
import re
from functools import cache, lru_cache
from itertools import islice, product


def table(text):
    """ "单 shan, 盖 ge gai" as {"单": ("shan",), "盖": ("ge", "gai")}."""
    return {name: tuple(readings) for name, *readings in map(str.split, text.split(","))}


# As a surname, before the ordinary readings.
SURNAMES = table(
    "单 shan, 曾 zeng, 仇 qiu, 解 xie, 任 ren, 区 ou, 查 zha, 盖 ge gai, 朴 piao, 黑 he hei, 乐 yue le, 翟 zhai di, "
    "覃 qin tan, 缪 miao, 员 yun, 种 chong, 祭 zhai, 洗 xian, 折 she, 秘 bi, 薄 bo, 谌 chen shen, 召 shao, 繁 po, 隗 wei kui, "
    "宓 mi fu, 柏 bai bo, 费 fei bi, 都 du, 藏 zang, 於 yu, 牟 mou mu, 么 yao, 郇 xun huan, 郗 xi chi, 句 gou, 卜 bu, "
    "强 qiang jiang, 车 che, 哈 ha, 六 lu liu, 撒 sa, 贾 jia, 宿 su, 长 chang zhang, 重 chong zhong, 会 gui, 尉 wei, "
    "逄 pang, 曲 qu, 过 guo, 应 ying, 占 zhan, 粘 nian, 沈 shen, 石 shi, 盛 sheng, 华 hua, 葛 ge, 俞 yu, 万 wan, 那 na"
)
SURNAMES_OF_TWO = {
    "万俟": ("mo", "qi"),
    "尉迟": ("yu", "chi"),
    "长孙": ("zhang", "sun"),
    "单于": ("chan", "yu"),
    "澹台": ("tan", "tai"),
    "亓官": ("qi", "guan"),
}
# Anywhere in the name of a person or a place.
MORE = table(
    "乐 le yue, 行 xing hang, 长 chang zhang, 重 zhong chong, 朝 chao zhao, 曾 zeng ceng, 茜 qian xi, 娜 na nuo, 晟 sheng cheng, "
    "盛 sheng cheng, 藏 cang zang, 传 chuan zhuan, 隽 juan jun, 禅 chan shan, 颉 jie xie, 都 du dou, 圩 wei xu, "
    "埔 pu bu, 堡 bao pu bu, 厦 sha xia, 六 liu lu, 蚌 bang beng, 泊 bo po, 荥 xing ying, 浒 hu xu, 莘 shen xin, 澄 cheng deng, "
    "单 dan shan chan, 参 can shen, 柏 bai bo, 拓 tuo ta, 奇 qi ji, 校 xiao jiao, 降 jiang xiang, 角 jiao jue, 解 jie xie, "
    "朴 pu piao, 宿 su xiu, 涌 yong chong, 员 yuan yun, 弹 dan tan, 尾 wei yi, 俞 yu shu, 薄 bo bao, 绿 lv lu, 硕 shuo shi, "
    "调 diao tiao, 查 cha zha, 会 hui kuai, 车 che ju, 叶 ye xie, 翟 zhai di, 佛 fo fu, 巷 xiang hang, 贾 jia gu"
)
MOST_READINGS = 8  # of one name
MOST_CHARACTERS = 24  # a longer name is found by its first characters
LONGEST = 60
TYPED = re.compile(r"[a-zü']{2,60}")
WITHOUT_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeiiiioooouuuuvvvvvnnnm")


def spellings(name):
    """What a run of Chinese characters is found by: its letters in full and its initials, from each character on.

    "王秀英" → wangxiuying, wxy, xiuying, xy, ying.
    """
    found = {}
    for reading in readings(name[:MOST_CHARACTERS]):
        for start in range(len(reading)):
            rest = reading[start:]
            found["".join(rest)[:LONGEST]] = None
            if len(rest) > 1:
                found["".join(syllable[0] for syllable in rest)] = None
    return list(found)


@lru_cache(maxsize=4096)
def readings(name):
    """The ways to read a run of characters, each a tuple of syllables without tones, the likeliest first."""
    choices = [of_character(character) for character in name]
    choices[0] = tuple(dict.fromkeys((*SURNAMES.get(name[0], ()), *choices[0])))
    ways = list(islice(product(*choices), MOST_READINGS))
    surname = SURNAMES_OF_TWO.get(name[:2])
    return [(*surname, *ways[0][2:]), *ways] if surname else ways


@cache
def of_character(character):
    """The readings of one character without tones, ü as v; the character itself where none is known."""
    if character in MORE:
        return MORE[character]
    toned = dictionary().get(ord(character), "")
    return (plain(toned.split(",")[0]) or character,)


def plain(syllable):
    return syllable.translate(WITHOUT_TONES).encode("ascii", "ignore").decode()


@cache
def dictionary():
    """{code point: readings with tones, the commonest first}; 12 MB."""
    # The dictionary of phrases would be 45 MB more and says nothing about names.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    from pypinyin.constants import PINYIN_DICT

    return PINYIN_DICT


def typed(word):
    """The letters of a word that may be pinyin, as `spellings` writes them; "" for any other word."""
    word = word.lower()
    if not TYPED.fullmatch(word):
        return ""
    return word.replace("'", "").replace("ü", "v").replace("lyu", "lv")
