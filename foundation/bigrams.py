"""Search in Chinese text by pairs of neighbouring characters, exact and fast for two characters and more.

A text becomes a set of tokens: every pair of neighbours in a run of Chinese characters, and every word of other
letters and digits in lower case. The tokens stand in a column of their own, on PostgreSQL under a GIN index.
The tokens only preselect: a second condition checks the words in the text itself.

Names have tokens for their pinyin, too (`PINYIN_FIELDS`, foundation/pinyin.py), behind a mark that no word contains, so that
they never pass for words of the text. Such a token says all there is to say, so nothing is left to check.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from django.db import models
from django.db.models import Lookup, Q

from foundation import pinyin
from foundation.fields import TO_HALF_WIDTH

CHINESE = "〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
RUN = re.compile(f"([{CHINESE}]+)|((?:(?![{CHINESE}])[^\\W_])+)")
LONGEST_WORD = 60  # a lexeme of PostgreSQL holds 2,046 bytes; nobody types sixty letters to find a word
MOST_TOKENS = 50_000  # a tsvector holds one megabyte
MOST_WORDS = 12  # of one search
PINYIN = "~"  # before a token of pinyin
DOOR = "#"  # before a token of a door number, as "#3-1-201" (communities/models/household.py)


def _fold(text):
    return (text or "").translate(TO_HALF_WIDTH).lower()


def cut(text):
    """The tokens of a text, each once, in the order of the text: "3号楼电梯abc" -> "3 号楼 楼电 电梯 abc"."""
    tokens = {}
    for chinese, other in RUN.findall(_fold(text)):
        if len(chinese) > 1:
            tokens.update(dict.fromkeys(first + second for first, second in pairwise(chinese)))
        else:
            tokens[(chinese or other)[:LONGEST_WORD]] = None
    return " ".join(list(tokens)[:MOST_TOKENS])


def cut_pinyin(name):
    """The tokens by which a name is found in Latin letters: "王秀英" -> "~wangxiuying ~wxy ~xiuying ~xy ~ying"."""
    tokens = {}
    for chinese, _other in RUN.findall(_fold(name)):
        if chinese:
            tokens.update(dict.fromkeys(PINYIN + spelling for spelling in pinyin.spellings(chinese)))
    return " ".join(tokens)


@dataclass(frozen=True)
class Token:
    """`instead`: the beginning of another token that will do as well."""

    text: str
    is_prefix: bool = False
    instead: str = ""


def tokens_of_word(word):
    """What a text must hold, if it holds `word`.

    A single Chinese character is left out: in the text it is part of pairs. A word of letters or digits at the end of
    the search may go on in the text; at its front it must begin there, so that 3号楼 does not also find 13号楼.
    """
    word = _fold(word)
    tokens = []
    for run in RUN.finditer(word):
        chinese, other = run.groups()
        if other:
            tokens.append(Token(other[:LONGEST_WORD], run.end() == len(word) or len(other) > LONGEST_WORD))
        else:
            tokens += [Token(first + second) for first, second in pairwise(chinese)]
    return tokens


class BigramsField(models.TextField):
    """The column of tokens; knows one lookup of its own, `holds`, with a list of `Token`."""


@BigramsField.register_lookup
class Holds(Lookup):
    lookup_name = "holds"
    prepare_rhs = False

    def get_db_prep_lookup(self, value, connection):
        return "", []

    def as_postgresql(self, compiler, connection):
        column, params = self.process_lhs(compiler, connection)
        return f"array_to_tsvector(string_to_array({column}, ' ')) @@ %s::tsquery", [*params, tsquery(self.rhs)]

    def as_sql(self, compiler, connection):
        column, params = self.process_lhs(compiler, connection)
        conditions, values = [], []
        for token in self.rhs:
            patterns = like_patterns(token)
            conditions.append(" OR ".join(f"(' ' || {column} || ' ') LIKE %s" for _pattern in patterns))
            values += [value for pattern in patterns for value in (*params, pattern)]
        return f"({' AND '.join(f'({condition})' for condition in conditions)})", values


def tsquery(tokens):
    """All of the tokens. They are letters and digits behind a mark, so the quotes need no escaping."""
    wanted = [f"'{token.text}'" + ":*" * token.is_prefix for token in tokens]
    others = [f" | '{token.instead}':*" if token.instead else "" for token in tokens]
    return " & ".join(f"({token}{other})" for token, other in zip(wanted, others, strict=True))


def like_patterns(token):
    """The token, or what will do instead of it, in a column with a blank before and after."""
    pattern = f"% {token.text}%" if token.is_prefix else f"% {token.text} %"
    return [pattern, f"% {token.instead}%"] if token.instead else [pattern]


class BigramIndex(models.Index):
    """GIN on PostgreSQL, over exactly the expression that `Holds` writes; elsewhere an ordinary index.

    `array_to_tsvector` instead of `to_tsvector('simple', …)`: the tokens are cut already, and PostgreSQL's parser would
    drop Chinese characters in a database whose ctype is "C".
    """

    def __init__(self, *, fields=("bigrams",), name=None, **kwargs):
        super().__init__(fields=fields, name=name, **kwargs)

    def create_sql(self, model, schema_editor, using="", **kwargs):
        statement = super().create_sql(model, schema_editor, using=using, **kwargs)
        if schema_editor.connection.vendor == "postgresql":
            column = schema_editor.quote_name(model._meta.get_field(self.fields[0]).column)
            statement.parts["using"] = " USING gin"
            statement.parts["columns"] = f"array_to_tsvector(string_to_array({column}, ' '))"
        return statement


class Searchable(models.Model):
    """A model whose SEARCH_FIELDS can be searched by `search`; saving keeps the tokens fresh."""

    SEARCH_FIELDS = ("title", "text")
    PINYIN_FIELDS = ()  # names that are also found by their pinyin
    FOUND_WITH = ()  # related rows that `found_by` reads

    bigrams = BigramsField(blank=True, editable=False, default="")

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        derived = self.derive()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], *derived}
        super().save(*args, **kwargs)

    def derive(self):
        """Recompute in memory what follows from other fields and return their names; a model with more extends this.

        `save()`, `move()` and `revise()` write these fields along; a bulk write calls it on each row.
        """
        found_by = self.found_by()
        for name, value in found_by.items():
            setattr(self, name, value)
        return list(found_by)

    def found_by(self):
        """{field: value} of what the row is found by; a model that is found by more than tokens extends this.

        It needs what FOUND_WITH names, and nothing encrypted: `manage.py reindex_search` renews it for whole tables.
        """
        return {"bigrams": self.tokens()}

    def tokens(self):
        """What the row is found by, from the row alone; a model with tokens of its own extends this."""
        text = cut(" ".join(str(getattr(self, name) or "") for name in self.SEARCH_FIELDS))
        names = [cut_pinyin(getattr(self, name)) for name in self.PINYIN_FIELDS]
        return " ".join(part for part in (text, *names) if part)


def search(queryset, text):
    """Rows that hold every word of `text` (see `matching`); an empty text changes nothing."""
    return queryset.filter(matching(queryset.model, text))


def matching(model, text):
    """The condition that a row of `model` holds every word of `text` in one of its SEARCH_FIELDS.

    A word of Latin letters may also be the beginning of the pinyin, or of the initials, of one of the PINYIN_FIELDS.
    """
    words = (text or "").split()[:MOST_WORDS]
    spells = bool(model.PINYIN_FIELDS)
    tokens = dict.fromkeys(token for word in words for token in wanted_of_word(word, spells=spells))
    condition = Q(bigrams__holds=list(tokens)) if tokens else Q()
    for word in words:
        condition &= _anywhere(model.SEARCH_FIELDS, word) | _spelt(word, spells=spells)
    return condition


def wanted_of_word(word, *, spells):
    tokens = tokens_of_word(word)
    spelt = pinyin.typed(word.translate(TO_HALF_WIDTH)) if spells else ""
    # A word that may be pinyin is one run of letters, or several around an apostrophe, of which one must do for all.
    return [Token(tokens[-1].text, is_prefix=True, instead=PINYIN + spelt)] if spelt and tokens else tokens


def _anywhere(fields, word):
    spellings = {word, word.translate(TO_HALF_WIDTH)}
    return Q(*(Q(**{f"{field}__icontains": spelling}) for field in fields for spelling in spellings), _connector=Q.OR)


def _spelt(word, *, spells):
    """The pinyin begins with `word`: the mark stands nowhere but before a token, so no more than the column need be asked."""
    spelt = pinyin.typed(word.translate(TO_HALF_WIDTH)) if spells else ""
    return Q(bigrams__contains=PINYIN + spelt) if spelt else Q()
