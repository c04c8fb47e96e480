import io

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from foundation.fields import (
    decrypt,
    encrypt,
    is_id_number,
    is_phone,
    keyed_hash,
    mask_id_number,
    mask_name,
    mask_phone,
    normalise_id_number,
    normalise_phone,
)
from tests.foundation.shelf.models import Book


class TestPhone:
    @pytest.mark.parametrize(
        "typed",
        [
            "13812348000",
            "138 1234 8000",
            "138-1234-8000",
            "+86 13812348000",
            "0086138 12348000",
            "１３８１２３４８０００",
        ],
    )
    def test_spellings_of_one_number(self, typed):
        assert normalise_phone(typed) == "13812348000"
        assert is_phone(typed)

    @pytest.mark.parametrize("landline", ["0396-2912345", "010-62345678", "(0971) 6123456", "021 61234567"])
    def test_landlines_need_their_area_code(self, landline):
        assert is_phone(landline)
        assert not is_phone(landline[5:])

    @pytest.mark.parametrize(
        "wrong",
        ["", None, "12812348000", "1381234800", "138123480001", "110", "0396", "abc", "011-12345678", "٠٣٩٦٢٩١٢٣٤٥"],
    )
    def test_other_things_are_no_phones(self, wrong):
        assert not is_phone(wrong)


class TestIdNumber:
    @pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
    def test_vectors_of_the_standard(self, number):
        assert is_id_number(number)

    @pytest.mark.parametrize(
        "typed", ["11010519491231002x", "110105 19491231 002X", "１１０１０５１９４９１２３１００２Ｘ"]
    )
    def test_spellings(self, typed):
        assert normalise_id_number(typed) == "11010519491231002X"
        assert is_id_number(typed)

    @pytest.mark.parametrize(
        "wrong",
        [
            "",
            None,
            "110105194912310021",
            "11010519491331002X",  # month 13
            "11010519490229002X",  # 1949 was no leap year
            "1101051949123100",
            "1101051949123100211",
            "X1010519491231002X",
        ],
    )
    def test_other_things_are_no_id_numbers(self, wrong):
        assert not is_id_number(wrong)

    def test_the_area_code_is_never_judged(self):
        assert sum(is_id_number(f"99999919491231002{digit}") for digit in "0123456789X") == 1

    @given(st.integers(0, 16), st.integers(1, 9))
    def test_one_wrong_digit_is_always_found(self, place, shift):
        number = "440524188001010014"
        wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
        assert not is_id_number(wrong)


class TestMasks:
    @pytest.mark.parametrize(
        ("name", "masked"),
        [
            ("张三丰", "张**"),
            ("张三", "张*"),
            ("欧阳娜娜", "欧阳**"),
            ("欧阳", "欧*"),
            ("张", "张"),
            ("", ""),
            (None, ""),
        ],
    )
    def test_name(self, name, masked):
        assert mask_name(name) == masked

    @pytest.mark.parametrize(
        ("phone", "masked"), [("13812348000", "138****8000"), ("03962912345", "039****2345"), ("110", "***"), ("", "")]
    )
    def test_phone(self, phone, masked):
        assert mask_phone(phone) == masked

    def test_id_number(self):
        assert mask_id_number("420111198001010014") == "420111********0014"
        assert mask_id_number("123") == "***"


class TestKeyedHash:
    def test_depends_on_text_and_key(self, settings):
        first = keyed_hash("13812348000")
        assert len(first) == 64
        assert first == keyed_hash("13812348000") != keyed_hash("13812348001")
        settings.HASH_KEY = "another key"
        assert keyed_hash("13812348000") != first

    def test_nothing_stays_nothing(self):
        assert keyed_hash("") == ""


@given(st.text())
def test_encrypted_text_comes_back(text):
    assert decrypt(encrypt(text)) == text


def stored_phone(book):
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM shelf_book WHERE id = %s", [book.pk])
        return cursor.fetchone()[0]


@pytest.mark.django_db
class TestEncryptedTextField:
    def test_the_database_never_sees_the_text(self):
        book = Book.objects.create(phone="13812348000")
        assert "8000" not in stored_phone(book)
        assert Book.objects.get(pk=book.pk).phone == "13812348000"
        assert list(Book.objects.values_list("phone", flat=True)) == ["13812348000"]

    def test_updates_are_encrypted_too(self):
        book = Book.objects.create()
        assert stored_phone(book) == ""
        Book.objects.update(phone="13812348000")
        assert "8000" not in stored_phone(book)

    def test_only_emptiness_can_be_asked_for(self):
        Book.objects.create(phone="13812348000")
        Book.objects.create()
        assert Book.objects.filter(phone="").count() == 1
        assert Book.objects.exclude(phone="").count() == 1
        for lookup in ("phone", "phone__contains", "phone__in", "phone__startswith"):
            with pytest.raises(FieldError):
                Book.objects.filter(**{lookup: "13812348000"}).exists()

    def test_a_lost_key_is_said_clearly(self, settings):
        book = Book.objects.create(phone="13812348000")
        settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        with pytest.raises(ImproperlyConfigured, match="ENCRYPTION_KEYS"):
            Book.objects.get(pk=book.pk)


@pytest.mark.django_db
class TestRotateKeys:
    def rotate(self, batch=2):
        out = io.StringIO()
        call_command("rotate_keys", batch=batch, stdout=out)
        return next(line for line in out.getvalue().splitlines() if line.startswith("shelf.book.phone"))

    def test_afterwards_the_old_key_can_be_thrown_away(self, settings):
        books = [Book.objects.create(phone=f"1381234800{number}") for number in range(5)]
        empty = Book.objects.create()
        settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
        assert self.rotate() == "shelf.book.phone: 5 re-encrypted"
        settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
        assert [Book.objects.get(pk=book.pk).phone for book in books] == [book.phone for book in books]
        assert stored_phone(empty) == ""

    def test_the_second_run_changes_nothing(self, settings):
        book = Book.objects.create(phone="13812348000")
        settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
        self.rotate()
        before = stored_phone(book)
        assert self.rotate() == "shelf.book.phone: 0 re-encrypted"
        assert stored_phone(book) == before
