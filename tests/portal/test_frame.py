"""The frame around every page: what is in it for whom, and what holds for every template and for the stylesheet."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = {str(path.relative_to(ROOT / "templates")): path for path in (ROOT / "templates").rglob("*.html")}
CSS = (ROOT / "static/css/portal.css").read_text(encoding="utf-8")
SPRITE = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/icons.svg").read_text(encoding="utf-8")))


class TestStylesheet:
    def tokens(self, block):
        return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", block))

    @pytest.fixture(params=["light", "dark"])
    def colour(self, request):
        light, dark = re.findall(r":root \{\n.*?\n {2,4}\}", CSS, re.S)[:2]
        return self.tokens(light) | (self.tokens(dark) if request.param == "dark" else {})

    @pytest.mark.parametrize(
        ("ink", "ground"),
        [
            *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "primary") for ground in ("paper", "ground")),
            *((tone, f"{tone}-soft") for tone in ("primary", "ok", "warn", "bad", "calm")),
            *((tone, "paper") for tone in ("ok", "warn", "bad", "calm")),
            *((ink, f"{tone}-soft") for ink in ("ink", "ink-2") for tone in ("primary", "ok", "warn", "bad", "calm")),
            ("primary-ink", "primary"),
            ("primary-ink", "primary-2"),
            ("primary-ink", "bad"),
            ("paper", "ink"),
        ],
    )
    def test_contrast_of_text(self, colour, ink, ground):
        assert contrast(colour[ink], colour[ground]) >= 4.5

    def test_contrast_of_edges(self, colour):
        assert contrast(colour["edge"], colour["paper"]) >= 3
        assert contrast(colour["primary"], colour["line"]) >= 3  # a meter's bar on its track

    def test_the_seal_is_readable_in_every_light(self):
        assert contrast("#ffffff", self.tokens(CSS)["seal"]) >= 4.5

    def test_weight(self):
        assert len(gzip.compress(CSS.encode())) <= 12_000

    def test_colours_only_as_tokens(self):
        """Outside the tokens only white, black and their shades: a colour written elsewhere has no dark brother."""
        components = CSS[CSS.index("@layer layout {") :]
        print_only = components[components.index("@media print") :]
        strays = set(re.findall(r"#[0-9a-f]{3,6}\b", components.replace(print_only, ""))) - {"#fff"}
        assert not strays


def contrast(one, other):
    """Contrast ratio of WCAG 2.2 between two colours like #1d2329 or #fff."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    shares = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", sorted(TEMPLATES))
class TestTemplate:
    def test_nothing_inline(self, name):
        """The content security policy allows no style and no script inside a page; the browser would drop it silently."""
        text = TEMPLATES[name].read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|<style|\son(click|change|submit|load|input)=|javascript:", text)
        assert not re.search(r"<script(?![^>]*(\bsrc=|type=.application/json))", text)

    def test_icons_exist(self, name):
        text = TEMPLATES[name].read_text(encoding="utf-8")
        used = re.findall(r'{% icon "([\w-]+)"', text) + re.findall(r'{% chip \S+ "([\w-]+)"', text)
        assert set(used) <= SPRITE

    def test_images_have_words(self, name):
        text = TEMPLATES[name].read_text(encoding="utf-8")
        assert all("alt=" in image for image in re.findall(r"<img\b[^>]*>", text))


class TestSignIn:
    def test_a_stranger_sees_a_slim_bar(self, client, db):
        page = client.get(reverse("account_login"))
        html = page.content.decode()
        assert page.status_code == 200
        assert '<html lang="zh-Hans">' in html
        assert html.index('class="skip"') < html.index("<header")
        assert 'class="side"' not in html
        assert 'class="bar"' not in html
        assert reverse("password_forgotten") in html

    def test_demo_accounts_only_in_the_demo(self, client, db, settings):
        settings.DEMO = False
        assert "demo-portal" not in client.get(reverse("account_login")).content.decode()
        settings.DEMO = True
        html = client.get(reverse("account_login")).content.decode()
        assert "demo-portal" in html
        assert 'class="banner"' in html

    def test_a_wrong_password_says_nothing_about_saving(self, client, db):
        page = client.post(reverse("account_login"), {"login": "nobody", "password": "wrong-password"})
        assert 'id="errors"' in page.content.decode()
        assert "尚未保存" not in page.content.decode()

    def test_nobody_registers(self, client, db):
        assert "password1" not in client.get("/accounts/signup/").content.decode()


class TestFrame:
    @pytest.fixture
    def html_of(self, town, client):
        client.force_login(town.secretary)
        return lambda url="inbox_list": client.get(reverse(url)).content.decode()

    def test_navigation_by_role(self, html_of):
        html = html_of()
        assert 'class="side"' in html
        assert 'class="bar"' in html
        assert html.count(f'href="{reverse("issue_desk")}"') >= 2
        assert town_name(html) == "橡林社区"

    def test_feedback_stands_on_every_page_and_knows_the_page(self, html_of):
        assert f'{reverse("feedback_create")}?page=/inbox/"' in html_of()

    def test_search_travels_by_post(self, html_of):
        assert re.search(rf'<form class="search" method="post" action="{reverse("search")}"', html_of())

    def test_large_print_is_remembered_and_shows_four_things(self, town, html_of, client):
        assert "data-elder" not in html_of()
        client.post(reverse("elder_switch"), {"elder": "on", "next": reverse("inbox_list")})
        html = html_of()
        assert re.search(r"<html[^>]* data-elder>", html)
        main_navigation = html[html.index('class="side"') : html.index("</aside>")]
        shown, waiting = main_navigation.split("<details>")
        assert shown.count("<use ") == 4
        assert waiting.count("<a ") >= 1

    def test_language_is_remembered(self, html_of, client):
        client.post(reverse("language_switch"), {"language": "en", "next": reverse("inbox_list")})
        assert '<html lang="en">' in html_of()
        assert "Give feedback" in html_of()

    @pytest.mark.parametrize(
        "url",
        [
            "account_logout",
            "account_change_password",
            "account_overview",
            "mfa_index",
            "mfa_activate_totp",
            "usersessions_list",
        ],
    )
    def test_pages_of_the_account_stand_in_our_frame(self, town, url):
        client = Client()
        client.post(reverse("account_login"), {"login": "secretary", "password": "demo-portal"})
        page = client.get(reverse(url))
        assert page.status_code == 200
        assert 'class="side"' in page.content.decode()
        assert "<h1>" in page.content.decode()

    def test_a_missing_page_keeps_the_frame(self, town, client):
        client.force_login(town.secretary)
        page = client.get("/nothing/here/")
        assert page.status_code == 404
        assert 'class="side"' in page.content.decode()


def town_name(html):
    found = re.search(r'class="brand".*?</span><span>(.*?)<small>', html, re.S)
    return found and found[1]


def test_the_last_page_stands_alone():
    """When everything else fails, 500.html needs no context, no database and no translation."""
    html = render_to_string("500.html")
    assert "{%" not in html
    for address in re.findall(r'href="/static/([^"]+)"', html):
        assert finders.find(address)
