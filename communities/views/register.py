from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.views.decorators.http import require_safe

from communities.registers import opens_registers, tools_for


@require_safe
def register_home(request):
    """底数台账: every tool of the registers that is open to the reader."""
    if not opens_registers(request.user):
        raise PermissionDenied
    return render(request, "communities/register_home.html", {"tools": tools_for(request.user)})
