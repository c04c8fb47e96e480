"""How much of the rows that a query joins comes along: a page with five joins would carry a hundred columns, most of them for nothing."""


def narrowed(rows, **beside):
    """`rows` with all their own columns, and of what is joined only those named: narrowed(rows, community="code name").

    Every path must be in `select_related`. A column that was left out is fetched when somebody asks for it, one query each: name here
    what pages use (their tests count queries).
    """
    own = (field.name for field in rows.model._meta.concrete_fields)
    return rows.only(*own, *(f"{path}__{name}" for path, names in beside.items() for name in names.split()))
