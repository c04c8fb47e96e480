"""When two records may be the same: what a name sounds like, and a door or the name of a compound without the ways to write it."""

import re

from foundation import pinyin
from foundation.bigrams import RUN
from foundation.fields import TO_HALF_WIDTH

LONGEST = 120
# What somebody wrote behind a name: 王秀英（母）, 王秀英(已故).
ASIDE = re.compile(r"[(（\[【].*")
NUMERALS = {word: str(number) for number, word in enumerate("零一二三四五六七八九")} | {"〇": "0", "两": "2"}
NUMERAL = re.compile("[零〇一二两三四五六七八九十]+")
# Words that only say what kind of number stands before them.
DOOR_WORDS = re.compile("号楼|号院|单元|号|楼|栋|幢|座|门|室|户|#")
PARTS = re.compile(r"[0-9]+|[^\W\d_]+")
PLACE_WORDS = re.compile("住宅小区|生活小区|家属小区|小区|家属楼|家属院|宿舍楼|宿舍|楼院|大院|院子|住宅楼|社区|公寓")
FEWEST_LETTERS = 3


def folded(text):
    """Half width, lower case, without gaps."""
    return "".join((text or "").translate(TO_HALF_WIDTH).lower().split())


def sound_of(name):
    """What a name sounds like, without tones: "王秀英" and "王秀瑛（母）" → "wangxiuying". Never empty for a name."""
    text = folded(ASIDE.sub("", name or "")) or folded(name)
    spelt = [
        "".join(pinyin.readings(chinese[: pinyin.MOST_CHARACTERS])[0]) if chinese else other
        for chinese, other in RUN.findall(text)
    ]
    return ("".join(spelt) or text)[:LONGEST]


def digits(found):
    """A Chinese numeral below a hundred in digits: "十二" → "12", "三" → "3"; longer ones digit by digit."""
    text = found.group()
    if "十" not in text:
        return "".join(NUMERALS[letter] for letter in text)
    tens, _ten, ones = text.partition("十")
    return str(int(NUMERALS.get(tens, "1")) * 10 + int(NUMERALS.get(ones, "0")))


def parts_of(text):
    """The numbers and words of an address, without its labels: "3号楼" → ["3"], "东三栋" → ["东", "3"]."""
    plain = DOOR_WORDS.sub(" ", NUMERAL.sub(digits, (text or "").translate(TO_HALF_WIDTH).lower()))
    return [part.lstrip("0") or "0" if part.isdigit() else part for part in PARTS.findall(plain)]


def door_key(building, stair, door):
    """One spelling for a door, however it was entered: ("3号楼", "1", "201") and ("3栋", "", "1-201") → "3-1-201"."""
    building, stair, door = parts_of(building), parts_of(stair), parts_of(door)
    if building and len(door) > len(building) and door[: len(building)] == building and len(door) > 2:
        door = door[len(building) :]
    if stair and len(door) > len(stair) and door[: len(stair)] == stair:
        stair = []
    return "-".join((*building, *stair, *door))[:LONGEST]


def near_names(one, other):
    """Whether the names of two compounds may mean one place: "阳光小区" and "阳光家园小区" no, "阳光小区" and "阳光住宅小区" yes.

    The numbers must be the same (1期 is not 2期); the words may differ by what every compound is called, by characters that sound
    alike, or, in longer names, by one character.
    """
    return near_keys(place_key(one), place_key(other))


def place_key(name):
    """(numbers, words) of a compound's name: "幸福小区一期" → (("1",), "幸福期")."""
    text = NUMERAL.sub(digits, folded(ASIDE.sub("", name or "") or name))
    words = PLACE_WORDS.sub("", text) or text
    return tuple(re.findall(r"\d+", words)), re.sub(r"[\W\d_]+", "", words)


def near_keys(one, other):
    """The same question about two `place_key`s."""
    (numbers, words), (other_numbers, other_words) = one, other
    if numbers != other_numbers or not (words or numbers):
        return False
    if words == other_words or (words and sound_of(words) == sound_of(other_words)):
        return True
    return min(len(words), len(other_words)) >= FEWEST_LETTERS and one_apart(words, other_words)


def one_apart(one, other):
    """Whether one character too many, too few or wrong makes the difference."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    return one[start + (len(one) == len(other)) :] == other[start + 1 :]
