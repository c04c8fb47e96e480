"""Names are found by their pinyin and by its initials, by every reading that people use."""

import subprocess
import sys

import pytest

from foundation.bigrams import cut_pinyin
from foundation.pinyin import MOST_READINGS, readings, spellings, typed


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("王秀英", "wxy wangxiuying xy xiuying ying"),
        ("单小红", "sxh shanxiaohong dxh danxiaohong chanxiaohong"),
        ("曾国强", "zgq zengguoqiang cengguoqiang"),
        ("仇英", "qy qiuying chouying cy"),
        ("解放军", "xfj xiefangjun jfj jiefangjun"),
        ("任芳", "rf renfang"),
        ("尉迟恭", "ycg yuchigong wcg"),
        ("单于丹", "cyd chanyudan syd shanyudan"),
        ("欧阳娜", "oyn ouyangna yn na"),
        ("吕布", "lb lvbu"),
        ("长乐社区", "clsq changleshequ zlsq shequ sq"),
        ("厦门路", "xml xiamenlu sml"),
    ],
)
def test_spellings(name, letters):
    assert set(letters.split()) <= set(spellings(name))


def test_readings_are_few_however_long_the_name():
    assert len(readings("乐行长重朝曾茜娜晟盛")) == MOST_READINGS
    assert max(map(len, spellings("驿城区住房和城乡建设局房屋安全鉴定所白蚁防治中心" * 3))) <= 60


@pytest.mark.parametrize(
    ("word", "letters"),
    [
        ("WXY", "wxy"),
        ("xi'an", "xian"),
        ("lü", "lv"),
        ("lyubu", "lvbu"),
        ("w", ""),
        ("wx1", ""),
        ("王", ""),
        ("a" * 61, ""),
    ],
)
def test_typed(word, letters):
    assert typed(word) == letters


def test_tokens_carry_a_mark_that_no_word_has():
    assert cut_pinyin("A座 林苑2期") == "~zuo ~linyuan ~ly ~yuan ~qi"
    assert cut_pinyin("SOHO") == cut_pinyin(None) == ""


def test_the_dictionary_is_loaded_with_the_first_name_and_without_phrases():
    code = (
        "import sys, foundation.pinyin as p; assert 'pypinyin' not in sys.modules; p.typed('wxy');"
        "assert 'pypinyin' not in sys.modules; p.spellings('王');"
        "import pypinyin.constants as c; assert not c.PHRASES_DICT and len(c.PINYIN_DICT) > 20000"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
