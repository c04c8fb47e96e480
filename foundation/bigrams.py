"""Search in Chinese text by pairs of neighbouring characters, exact and fast for two characters and more.

A text becomes a set of tokens: every pair of neighbours in a run of Chinese characters, and every word of other
letters and digits in lower case. The tokens stand in a column of their own, on PostgreSQL under a GIN index.
The tokens only preselect: a second condition checks the words in the text itself.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from django.db import models
from django.db.models import Lookup, Q

from foundation.fields import TO_HALF_WIDTH

CHINESE = "〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
RUN = re.compile(f"([{CHINESE}]+)|((?:(?![{CHINESE}])[^\\W_])+)")
LONGEST_WORD = 60  # a lexeme of PostgreSQL holds 2,046 bytes; nobody types sixty letters to find a word
MOST_TOKENS = 50_000  # a tsvector holds one megabyte
MOST_WORDS = 12  # of one search


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


@dataclass(frozen=True)
class Token:
    text: str
    is_prefix: bool = False


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
        # Tokens are letters and digits only, so the quotes need no escaping.
        query = " & ".join(f"'{token.text}'{':*' * token.is_prefix}" for token in self.rhs)
        return f"array_to_tsvector(string_to_array({column}, ' ')) @@ %s::tsquery", [*params, query]

    def as_sql(self, compiler, connection):
        column, params = self.process_lhs(compiler, connection)
        patterns = [f"% {token.text}{'' if token.is_prefix else ' '}%" for token in self.rhs]
        condition = " AND ".join(f"(' ' || {column} || ' ') LIKE %s" for _ in patterns)
        return f"({condition})", [value for pattern in patterns for value in (*params, pattern)]


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
        self.bigrams = cut(" ".join(str(getattr(self, name) or "") for name in self.SEARCH_FIELDS))
        return ["bigrams"]


def search(queryset, text):
    """Rows that hold every word of `text` in one of the model's SEARCH_FIELDS; an empty text changes nothing."""
    words = (text or "").split()[:MOST_WORDS]
    tokens = list(dict.fromkeys(token for word in words for token in tokens_of_word(word)))
    if tokens:
        queryset = queryset.filter(bigrams__holds=tokens)
    for word in words:
        queryset = queryset.filter(_anywhere(queryset.model.SEARCH_FIELDS, word))
    return queryset


def _anywhere(fields, word):
    spellings = {word, word.translate(TO_HALF_WIDTH)}
    return Q(*(Q(**{f"{field}__icontains": spelling}) for field in fields for spelling in spellings), _connector=Q.OR)
