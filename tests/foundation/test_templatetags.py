"""Words, dates, chips and fields as the pages show them, in both languages."""

import datetime as dt
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django import forms
from django.core.management import call_command
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from foundation.templatetags import portal

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = dt.datetime(2026, 3, 2, 10, 30, tzinfo=SHANGHAI)


def at(month, day, hour=18, minute=0, year=2026):
    return dt.datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


def render(text, path="/", **context):
    request = RequestFactory().get(path)
    return Template("{% load portal %}" + text).render(Context({"request": request, **context}))


@pytest.fixture
def monday():
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def calendar(db):
    call_command("load_workdays", verbosity=0)


class TestNames:
    row = SimpleNamespace(name="房屋与电梯", name_en="Buildings and lifts")

    def test_in_the_language_of_the_reader(self):
        assert portal.named(self.row) == "房屋与电梯"
        with translation.override("en"):
            assert portal.named(self.row) == "Buildings and lifts"

    def test_chinese_where_there_is_no_english(self):
        with translation.override("en"):
            assert portal.named(SimpleNamespace(name="橡林社区", name_en="")) == "橡林社区"
            assert portal.named(SimpleNamespace(name="橡林社区")) == "橡林社区"

    def test_nothing_has_no_name(self):
        assert portal.named(None) == ""

    def test_personal_data_is_masked(self):
        assert render("{{ a|mask_name }} {{ b|mask_phone }}", a="张三丰", b="13812348000") == "张** 138****8000"
        assert render("{{ a|mask_id_number }}", a="420111198001010014") == "420111********0014"


@pytest.mark.usefixtures("monday")
class TestDates:
    def test_this_year_goes_without_saying(self):
        assert portal.day(at(11, 18, 9, 12)) == "11月18日"
        assert portal.moment(at(11, 18, 9, 12)) == "11月18日 09:12"
        with translation.override("en"):
            assert portal.day(dt.date(2026, 11, 18)) == "18 Nov"
            assert portal.moment(at(11, 18, 9, 12)) == "18 Nov 09:12"

    def test_another_year_is_said(self):
        assert portal.day(dt.date(2022, 7, 27)) == "2022年7月27日"
        with translation.override("en"):
            assert portal.moment(at(7, 27, 9, 5, year=2022)) == "27 Jul 2022 09:05"

    def test_the_day_is_that_of_the_place(self):
        assert portal.day(dt.datetime(2026, 3, 1, 17, 0, tzinfo=dt.UTC)) == "3月2日"

    def test_nothing_stays_nothing(self):
        assert portal.day(None) == portal.moment(None) == ""


@pytest.mark.usefixtures("monday", "calendar")
class TestDue:
    @pytest.mark.parametrize(
        ("due_at", "tone", "words"),
        [
            (at(3, 6), "calm", "4 working days left"),
            (at(3, 9), "calm", "5 working days left"),  # a weekend lies between
            (at(3, 3), "warn", "1 working day left"),
            (at(3, 2), "warn", "due today, 18:00"),
            (at(3, 2, 9), "bad", "overdue since today"),
            (at(3, 1), "bad", "overdue by 1 day"),
            (at(2, 27), "bad", "overdue by 3 days"),
            (at(10, 9), "calm", None),  # beyond the autumn holidays
        ],
    )
    def test_words(self, due_at, tone, words):
        with translation.override("en"):
            shown = portal.due_words(due_at, MONDAY)
        assert shown[0] == tone
        assert words is None or shown[2] == words

    def test_holidays_do_not_count(self):
        with time_machine.travel(at(9, 30, 10)), translation.override("en"):
            # 1 to 7 October 2026 are free
            assert portal.due_words(at(10, 8), at(9, 30, 10))[2] == "1 working day left"

    def chip(self, due_at, **state):
        row = SimpleNamespace(**{"due_at": due_at, "due_provisional": False, "clock_runs": True} | state)
        with translation.override("en"):
            return render("{% due_chip row %}", row=row)

    def test_icon_and_word_beside_the_colour(self):
        html = self.chip(at(2, 27))
        assert 'class="chip bad"' in html
        assert "icons.svg#alert" in html
        assert "overdue by 3 days" in html

    def test_a_provisional_calendar_is_said(self):
        assert "4 working days left (provisional)" in self.chip(at(3, 6), due_provisional=True)

    def test_no_chip_where_no_clock_runs(self):
        assert self.chip(None) == self.chip(at(2, 27), clock_runs=False) == ""

    def test_fifty_rows_cost_one_calendar(self, sql_count):
        rows = [SimpleNamespace(due_at=at(3, 6), due_provisional=False, clock_runs=True)] * 50
        with sql_count(at_most=2):
            assert render("{% for row in rows %}{% due_chip row %}{% endfor %}", rows=rows).count("chip calm") == 50


class TestQuery:
    def test_replaces_and_keeps(self):
        assert (
            render("{% with_query page=2 %}", "/?sort=due&page=1&unit=a&unit=b")
            == "?sort=due&amp;page=2&amp;unit=a&amp;unit=b"
        )

    def test_an_empty_value_drops_the_key(self):
        assert render("{% with_query page='' %}", "/?page=3") == "?"

    def test_a_first_page_needs_no_pages(self):
        assert "<nav" not in render("{% pages page %}", page=Paginator(range(5), 10).page(1))

    def test_pages_keep_the_filter(self):
        html = render("{% pages page %}", "/?q=a&page=2", page=Paginator(range(30), 10).page(2))
        assert 'rel="prev" href="?q=a&amp;page=1"' in html
        assert 'rel="next" href="?q=a&amp;page=3"' in html


class Form(forms.Form):
    title = forms.CharField(label="Title", help_text="In one sentence.")
    outcome = forms.ChoiceField(label="Outcome", choices=[("met", "Met"), ("out", "Out")], widget=forms.RadioSelect)
    care = forms.MultipleChoiceField(
        label="Care", choices=[("a", "Alone")], widget=forms.CheckboxSelectMultiple, required=False
    )
    agreed = forms.BooleanField(label="Agreed", required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput)


@pytest.mark.usefixtures("english")
class TestFields:
    @pytest.fixture
    def english(self):
        with translation.override("en"):
            yield

    def test_label_and_help_belong_to_the_control(self):
        html = render("{% field form.title %}", form=Form())
        assert '<label for="id_title">Title</label>' in html
        assert 'aria-describedby="id_title_help"' in html
        assert 'id="id_title_help">In one sentence.' in html
        assert "aria-invalid" not in html

    def test_an_error_belongs_to_the_control(self):
        html = render("{% field form.title %}", form=Form({}))
        assert 'aria-describedby="id_title_help id_title_error"' in html
        assert html.count('aria-invalid="true"') == 1
        assert 'id="id_title_error"' in html

    def test_choices_are_one_group(self):
        html = render("{% field form.outcome look='segmented' %}", form=Form({}))
        assert '<fieldset class="field segmented wrong" id="id_outcome" aria-describedby="id_outcome_error">' in html
        assert "<legend>Outcome</legend>" in html
        assert html.count('class="tile"') == 2

    def test_what_may_stay_empty_says_so(self):
        assert "optional" in render("{% field form.care %}", form=Form())
        assert "optional" not in render("{% field form.outcome %}", form=Form())

    def test_a_single_check_has_its_label_beside_it(self):
        html = render("{% field form.agreed %}", form=Form())
        assert '<label class="tile" for="id_agreed"><input type="checkbox"' in html

    def test_another_label_for_a_form_that_is_not_ours(self):
        html = render("{% field form.title label='Name' help='As written.' %}", form=Form())
        assert ">Name</label>" in html
        assert "As written." in html
        assert "In one sentence." not in html

    def test_the_summary_leads_to_the_first_control(self):
        html = render("{% form_errors form %}", form=Form({}))
        assert 'href="#id_title"' in html
        assert 'href="#id_outcome_0"' in html
        assert 'href="#id_seen"' not in html  # nobody can go to a hidden field
        assert "what you typed is still here" in html
        assert "still here" not in render("{% form_errors form saves=False %}", form=Form({}))

    def test_no_summary_without_errors(self):
        assert render("{% form_errors form %}", form=Form()).strip() == ""
        assert render("{% form_errors form %}", form=Form({"title": "a", "outcome": "met", "seen": 1})).strip() == ""


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/138.0 Safari/537.36 Edg/138.0", "Edge · Windows"),
        (
            "Mozilla/5.0 (Linux; Android 12; HarmonyOS) Chrome/114.0 HuaweiBrowser/16.0 Mobile",
            "Huawei browser · HarmonyOS",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) AppleWebKit MicroMessenger/8.0.49", "WeChat · iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/17.5 Safari/605.1.15", "Safari · macOS"),
        ("curl/8.5", "unknown browser"),
        ("", "unknown browser"),
    ],
)
def test_browser(user_agent, words):
    with translation.override("en"):
        assert portal.browser(user_agent) == words
