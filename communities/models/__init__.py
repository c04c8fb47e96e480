from communities.models.assignment import Assignment, CareGrant
from communities.models.audit import AuditAccess, AuditEntry, StaffDelivery
from communities.models.blank import BlankFill, BlankForm
from communities.models.care import CareCategory, CareStandard, ConsentText
from communities.models.care_entry import CareEntry
from communities.models.compound import Building, Compound
from communities.models.division import Division
from communities.models.duplicate import NotTheSame
from communities.models.feedback import Feedback
from communities.models.handover import Handover, Reassignment
from communities.models.household import Household
from communities.models.leave import Leave
from communities.models.life import LifeEvent
from communities.models.management import ManagementChange
from communities.models.merge import Merge
from communities.models.reorganisation import Reorganisation, Succession
from communities.models.resident import Resident
from communities.models.retention import Purge, RetentionRule
from communities.models.review import Review, ReviewLine
from communities.models.roster import Roster, RosterFault, RosterLine, RosterMapping, RosterPiece, RosterSlip
from communities.models.sheet import Sheet
from communities.models.shift import Shift, Swap
from communities.models.staff import Staff
from communities.models.suggestion import Suggestion
from communities.models.unit import Unit

__all__ = [
    "Assignment",
    "AuditAccess",
    "AuditEntry",
    "BlankFill",
    "BlankForm",
    "Building",
    "CareCategory",
    "CareEntry",
    "CareGrant",
    "CareStandard",
    "Compound",
    "ConsentText",
    "Division",
    "Feedback",
    "Handover",
    "Household",
    "Leave",
    "LifeEvent",
    "ManagementChange",
    "Merge",
    "NotTheSame",
    "Purge",
    "Reassignment",
    "Reorganisation",
    "Resident",
    "RetentionRule",
    "Review",
    "ReviewLine",
    "Roster",
    "RosterFault",
    "RosterLine",
    "RosterMapping",
    "RosterPiece",
    "RosterSlip",
    "Sheet",
    "Shift",
    "Staff",
    "StaffDelivery",
    "Succession",
    "Suggestion",
    "Swap",
    "Unit",
]
