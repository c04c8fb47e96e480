from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from foundation.jobs.models import Job
from foundation.shortcuts import get_for, page_of


@require_safe
def job_list(request):
    """What I have set going: imports, exports, reports. Kept for thirty days."""
    page = page_of(request, Job.objects.visible_to(request.user).for_list())
    return render(request, "jobs/job_list.html", {"page": page})


@never_cache
@require_safe
def job_detail(request, pk):
    """How far it is. htmx asks the same address for the part that changes; without it there is a link."""
    job = get_for(request.user, Job, pk=pk)
    template = "jobs/job_state.html" if request.htmx else "jobs/job_detail.html"
    return render(request, template, {"job": job})


@require_POST
def job_cancel(request, pk):
    """Ask for an end; twice is once."""
    job = get_for(request.user, Job, pk=pk, change=True)
    job.cancel()
    return redirect(job)
