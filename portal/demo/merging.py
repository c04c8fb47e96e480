"""Who was entered twice: two pairs that the register suggests, a compound under two names, and a merge that is done."""

from uuid import NAMESPACE_URL, uuid5

from communities.models import Building, Compound, Household, Merge, NotTheSame, Resident
from portal.demo.cast import HOME


def numbered(what):
    return uuid5(NAMESPACE_URL, f"demo-twice-{what}")


def enter_twice(cast):
    """Chapter of the demonstration, in the secretary's community."""
    by = cast.users["secretary"]
    homes = [home for home in cast.of_community(HOME) if again(home).living_here][40:48]
    first, second, third, fourth, fifth, sixth, *_rest = homes
    # A new colleague wrote the daughter's number and another character for the same sound.
    original = again(first).living_here[0]
    add(
        by,
        second,
        sound_alike(original.name),
        born_on=original.born_on,
        sex=original.sex,
        remark="女儿代填，听力不好。",
    )
    # The same person with the same ID number in the flat of a relative.
    original = again(third).living_here[0]
    add(by, fourth, original.name, id_number=original.id_number, born_on=original.born_on, phone="13000000877")
    # One door, written in two ways.
    block = Building.objects.add(by=by, compound=third.compound, name=f"{third.building.name.rstrip('号楼')}栋")
    Household.objects.add(by=by, client_uuid=numbered("door"), building=block, door=f"{third.stair or 1}-{third.door}")
    name = third.compound.name.removesuffix("小区")
    Compound.objects.add(
        by=by,
        client_uuid=numbered("compound"),
        community=third.compound.community,
        name=f"{name}住宅小区",
        management="interim",  # the published number of unmanaged compounds stays what it was
    )
    merged(by, fifth)
    told_apart(by, sixth)


def merged(by, home):
    """Somebody entered twice at home, seen and merged."""
    kept = again(home).living_here[0]
    gone = add(by, home, f"{kept.name}（老伴）", phone="13000000878", remark="门口有台阶，行动不便。")
    Merge.objects.merge(by=by, client_uuid=numbered("merge"), kept=kept, gone=gone, take=["remark"])


def told_apart(by, home):
    """Father and son with names that sound alike."""
    father = again(home).living_here[0]
    son = add(by, home, f"{father.name}（小）")
    NotTheSame.objects.say(by=by, client_uuid=numbered("apart"), one=father, other=son, reason="父子二人，读音相同。")


def add(by, home, name, **facts):
    return Resident.objects.add(by=by, client_uuid=numbered(f"{home.pk}-{name}"), household=home, name=name, **facts)


def again(home):
    return Household.objects.prefetch_related("residents").get(pk=home.pk)


def sound_alike(name):
    """The same sound with another character, where one is known; else with a word behind it."""
    other = {
        "英": "瑛",
        "芳": "方",
        "华": "桦",
        "明": "鸣",
        "军": "均",
        "伟": "玮",
        "敏": "闵",
        "静": "敬",
        "丽": "莉",
        "建": "健",
    }
    for character, twin in other.items():
        if character in name[1:]:
            return name[0] + name[1:].replace(character, twin, 1)
    return f"{name}（母）"
