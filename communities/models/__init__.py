from communities.models.assignment import Assignment, CareGrant
from communities.models.audit import AuditAccess, AuditEntry, StaffDelivery
from communities.models.care import CareCategory
from communities.models.compound import Building, Compound
from communities.models.division import Division
from communities.models.feedback import Feedback
from communities.models.handover import Handover, Reassignment
from communities.models.household import Household
from communities.models.leave import Leave
from communities.models.resident import Resident
from communities.models.shift import Shift, Swap
from communities.models.staff import Staff
from communities.models.unit import Unit

__all__ = [
    "Assignment",
    "AuditAccess",
    "AuditEntry",
    "Building",
    "CareCategory",
    "CareGrant",
    "Compound",
    "Division",
    "Feedback",
    "Handover",
    "Household",
    "Leave",
    "Reassignment",
    "Resident",
    "Shift",
    "Staff",
    "StaffDelivery",
    "Swap",
    "Unit",
]
