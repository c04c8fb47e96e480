"""Who the parties of `issues.workflow` are for one issue and one user, and which moves the user may make now."""

from communities.access import CHANGE, Role, may_in, posts_for, posts_of
from issues.workflow import MOVES, Party


def acts_for_unit(user, unit):
    """Whether the user is a handler of this unit (or of one above it), or works in it if it is an area office."""
    return any(
        post.covers_unit(unit)
        and (post.unit_id or post.role == Role.GRID_WORKER or post in posts_for(user, "issues", CHANGE))
        for post in posts_of(user)
    )


def parties_of(user, issue):
    """The parties of the issue to which the user belongs, as a set of `Party`; empty for strangers."""
    parties = set()
    if may_in(user, "issues", CHANGE, issue.desk.area_path):
        parties.add(Party.DESK)
    lead = issue.lead
    if lead is not None and acts_for_unit(user, lead.unit):
        parties.add(Party.UNIT)
    if may_in(user, "issues", CHANGE, issue.area_path) and user.pk not in issue.handler_ids:
        parties.add(Party.VERIFIER)
    if parties or may_in(user, "issues", CHANGE, issue.area_path):
        parties.add(Party.READER)
    return parties


def moves_for(user, issue):
    """The verbs that the user may make on the issue in its present state, in the order of the table."""
    parties = parties_of(user, issue)
    return [
        verb
        for verb, step in MOVES.items()
        if issue.status in step.before and step.who in parties and issue.move_makes_sense(verb)
    ]
