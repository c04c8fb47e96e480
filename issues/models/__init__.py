from issues.models.category import Category, DispatchRule, TimeLimit
from issues.models.issue import Callback, Issue, Reporter, WorkOrder
from issues.models.reminder import Reminded, Rung

__all__ = [
    "Callback",
    "Category",
    "DispatchRule",
    "Issue",
    "Reminded",
    "Reporter",
    "Rung",
    "TimeLimit",
    "WorkOrder",
]
