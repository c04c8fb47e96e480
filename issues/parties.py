"""Who the parties of `issues.workflow` are for one issue and one user, and which moves the user may make now.

`issues/models/finding.py` says the same as conditions for whole lists; tests hold the two together.
"""

from communities.access import CHANGE, Role, may_in, posts_for, posts_of
from issues.workflow import MOVES, Party, Status


def acts_for_unit(user, unit):
    """Whether the user is a handler of this unit (or of one above it), or works in it if it is an area office."""
    deciding = posts_for(user, "issues", CHANGE)
    return any(
        post.covers_unit(unit) and (post.unit_id or post.role == Role.GRID_WORKER or post in deciding)
        for post in posts_of(user)
    )


def may_verify(user, issue):
    """Whether the user is independent enough to ask the resident.

    He decides over issues of the place, has never had this one in hand nor stands in for somebody who had, and is no colleague
    in a unit that handled it. In an area office colleagues count as independent of each other, or a small community would have
    nobody; where even they had it in hand, the street verifies.
    """
    involved = issue.handler_ids
    if user.pk in involved:
        return False
    handling = [order.unit for order in issue.orders if order.state in ("signed", "done")]
    if any(post.unit_id and post.covers_unit(unit) for post in posts_of(user) for unit in handling):
        return False
    return any(
        post.covers(issue.area_path) and post.stands_in_for_id not in involved
        for post in posts_for(user, "issues", CHANGE)
    )


def parties_of(user, issue):
    """The parties of the issue to which the user belongs, as a set of `Party`; empty for those who only read."""
    parties = set()
    if may_in(user, "issues", CHANGE, issue.desk.area_path):
        parties.add(Party.DESK)
    if any(post.covers_unit(issue.desk) for post in posts_for(user, "issues", CHANGE)):
        parties.add(Party.OFFICE)
    if issue.lead is not None and acts_for_unit(user, issue.lead.unit):
        parties.add(Party.UNIT)
    if issue.status == Status.VERIFYING and may_verify(user, issue):
        parties.add(Party.VERIFIER)
    if parties or may_in(user, "issues", CHANGE, issue.area_path):
        parties.add(Party.READER)
    return parties


def works_on(user, issue):
    """Whether the user has any business with the issue beyond reading it, now or before it moved on.

    Of such a person a page that was overtaken by somebody else's step says so (409); everybody else is refused (403).
    """
    units = [order.unit for order in issue.orders if order.state != "withdrawn"]
    return may_in(user, "issues", CHANGE, issue.area_path) or any(acts_for_unit(user, unit) for unit in units)


def moves_for(user, issue, among=MOVES):
    """The verbs of the table that the user may make on the issue in its present state, in the order of the table."""
    parties = parties_of(user, issue)
    return [
        verb
        for verb, step in among.items()
        if issue.status in step.before and step.who in parties and issue.move_makes_sense(verb)
    ]


def next_move(issue, verbs):
    """Which of the verbs open to a user is the next step, None if there is only something to note.

    What is a department's duty goes up from the community first: only the street commands departments.
    """
    if "dispatch" in verbs and "send_up" in verbs and issue.is_for_departments and issue.is_at_owner:
        return "send_up"
    return next((verb for verb in verbs if MOVES[verb].primary), None)
