from visits.models.opinion import Opinion
from visits.models.visit import Visit, VisitRevision

__all__ = ["Opinion", "Visit", "VisitRevision"]
