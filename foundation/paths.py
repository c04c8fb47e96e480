"""A place in a tree is its path: a subtree is one range of strings, which every database answers from an index."""

from django.db.models import Q


def after(path):
    """The first string behind the whole subtree of `path`: "42" -> "43", "49" -> "4:".

    Strings are compared by code point (see `PathField`), so the successor of the last character is enough.
    """
    if not path:
        raise ValueError("The empty path stands for everything; nothing comes after it.")
    return path[:-1] + chr(ord(path[-1]) + 1)


def within(path, field="area_path"):
    """The condition "`field` lies in the subtree of `path`". The empty path means everywhere."""
    if not path:
        return Q()
    return Q(**{f"{field}__gte": path, f"{field}__lt": after(path)})


def is_within(path, root):
    """The same question about one path in memory."""
    return path.startswith(root)
