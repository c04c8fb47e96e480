"""What people type at the door: a user name, a mobile phone number or an e-mail address, however it is spelled."""

from foundation.fields import MOBILE, TO_HALF_WIDTH, is_phone, normalise_phone


def typed(text):
    """Half width and without blanks around it."""
    return (text or "").translate(TO_HALF_WIDTH).strip()


def is_mobile(text):
    """Whether this is a mobile number, with or without country code, spaces and dashes."""
    return bool(MOBILE.fullmatch(normalise_phone(text)))


def is_address(text):
    """Whether somebody could take this for a phone number or an e-mail address."""
    return "@" in typed(text) or is_phone(text)
