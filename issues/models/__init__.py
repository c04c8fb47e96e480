from issues.models.category import Category, DispatchRule, TimeLimit
from issues.models.contact import Callback, Reporter
from issues.models.issue import Issue
from issues.models.reminder import Reminded, Rung
from issues.models.work_order import Hand, WorkOrder

__all__ = [
    "Callback",
    "Category",
    "DispatchRule",
    "Hand",
    "Issue",
    "Reminded",
    "Reporter",
    "Rung",
    "TimeLimit",
    "WorkOrder",
]
