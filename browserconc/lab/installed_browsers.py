"""Which browser this machine has: finds one, asks its version, installs one where there is none.

What does not start is not a browser: a stub that asks for a snap, a download whose libraries are
missing. Nor is a snap: it is confined to a /tmp of its own, so neither its user-data-dir nor its
NetLog can be shared with us. Names are those of `--browser`; this file drives no browser.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from browserconc.lab import process

VERSION_TIMEOUT_S = 20.0  # a first start from a cold disk
INSTALL_TIMEOUT_S = 900.0

_KINDS = {
    "chromium": ("chrome", "chromium", "msedge"),
    "chrome": ("chrome",),
    "msedge": ("msedge",),
    "firefox": ("firefox",),
    "webkit": (),
}
"""What answers to a name. Chrome and Edge are Chromium with another badge: they have its limits."""

_LINUX = {
    "chrome": ("google-chrome-stable", "google-chrome", "/opt/google/chrome/chrome"),
    "chromium": ("chromium", "chromium-browser", "/usr/lib/chromium/chromium"),
    "msedge": ("microsoft-edge-stable", "microsoft-edge", "/opt/microsoft/msedge/msedge"),
    "firefox": ("firefox", "firefox-esr", "/usr/lib/firefox-esr/firefox-esr"),
}
_MACOS = {
    "chrome": ("Google Chrome.app/Contents/MacOS/Google Chrome",),
    "chromium": ("Chromium.app/Contents/MacOS/Chromium",),
    "msedge": ("Microsoft Edge.app/Contents/MacOS/Microsoft Edge",),
    "firefox": ("Firefox.app/Contents/MacOS/firefox",),
}
_WINDOWS = {
    "chrome": ("Google/Chrome/Application/chrome.exe",),
    "chromium": ("Chromium/Application/chrome.exe",),
    "msedge": ("Microsoft/Edge/Application/msedge.exe",),
    "firefox": ("Mozilla Firefox/firefox.exe",),
}
_PLAYWRIGHT = {
    "chromium": (
        "chromium-*/chrome-linux*/chrome",
        "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
        "chromium-*/chrome-win*/chrome.exe",
    ),
    "firefox": (
        "firefox-*/firefox/firefox",
        "firefox-*/firefox/*.app/Contents/MacOS/firefox",
        "firefox-*/firefox/firefox.exe",
    ),
}
_BADGES = "Chrom|Edge|Firefox|Brave|Opera|Vivaldi"
"""One of these stands in the version line of every browser that is driven like Chrome or Firefox."""


class BrowserError(Exception):
    """No browser, or none that starts; one sentence with what to do."""


def is_path(name: str) -> bool:
    """Whether `--browser` gives an executable rather than a name."""
    return name not in _KINDS


def find(name: str = "chromium", playwright: Path | None = None) -> Path | None:
    """The first browser of that name that starts, or None.

    Args:
        name: a name of `--browser`, or the path of an executable, which is then the only candidate.
        playwright: where Playwright expects its own download of that browser; it comes first.
    """
    for candidate in _candidates(name, playwright):
        try:
            version(candidate)
        except BrowserError:
            continue
        return candidate
    return None


def is_playwrights(path: Path) -> bool:
    """Whether that executable is one of Playwright's own downloads, which speak its own protocols."""
    return path.resolve().is_relative_to(_playwright_downloads().resolve())


def version(path: Path) -> str:
    """What the browser calls itself, such as "Chromium 156.0.8078.79".

    Raises:
        BrowserError: it is missing, is no browser, is a snap, or does not start.
    """
    if not path.is_file() or not os.access(path, os.X_OK):
        raise BrowserError(f"{path} is not an executable file; give the path of a browser.")
    if _is_snap(path):
        raise BrowserError(f"{path} is a snap, which cannot share files with us; install Chrome's package.")
    if sys.platform == "win32":
        return _windows_version(path)
    try:
        done = process.run([str(path), "--version"], VERSION_TIMEOUT_S)
    except process.ProcessError as problem:
        raise BrowserError(f"{path} does not start: {problem}") from problem
    # Debian's start script complains on stderr about nothing; only stdout and the exit code count.
    found = re.search(rf"^(.*({_BADGES}).*\d+\.\d+\S*)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or not found:
        reason = (done.stderr.strip().splitlines() or ["it prints no browser's version"])[-1]
        raise BrowserError(f"{path} does not start ({reason[:200]}); install a browser.")
    return found[1].strip()


def install(name: str = "chromium", tell: Callable[[str], None] = lambda _: None) -> Path:
    """Provides a browser: Playwright's own download first, then the system's package manager.

    Takes minutes. `tell` gets one line before each step and one for each that failed; a package
    manager's own output goes to stderr.

    Raises:
        BrowserError: nothing worked; says what each step said and which command to run.
    """
    wanted = "firefox" if name == "firefox" else "chromium"
    failures = []
    for step in (_download, _packages):
        try:
            step(wanted, tell)
        except BrowserError as problem:
            tell(str(problem))
            failures.append(str(problem))
            continue
        if found := find(wanted):
            return found
        failures.append(f"What was installed as {wanted} does not start.")
    raise BrowserError(" ".join(failures))


def _download(wanted: str, tell: Callable[[str], None]) -> None:
    tell(f"Downloading Playwright's {wanted}, some 200 MB …")
    argv = [sys.executable, "-m", "playwright", "install", wanted]
    try:
        done = process.run(argv, INSTALL_TIMEOUT_S)
    except process.ProcessError as problem:
        raise BrowserError(f"Playwright could not download its {wanted}: {problem}") from problem
    if done.returncode != 0:
        # Its output is not shown, for without a network that is little else than Node's stack traces.
        reason = re.search(r"^Error: (.*?)\.?$", done.stderr, re.MULTILINE)
        raise BrowserError(
            f"Playwright could not download its {wanted} ({reason[1] if reason else 'no reason given'})."
        )


def _packages(wanted: str, tell: Callable[[str], None]) -> None:
    package = "firefox-esr" if wanted == "firefox" else "chromium"
    if not sys.platform.startswith("linux") or not shutil.which("apt-get"):
        raise BrowserError("Install Google Chrome or Chromium, or give --browser the path of one.")
    command = f"apt-get update && apt-get install -y {package}"
    rights = _rights()
    if rights is None:
        raise BrowserError(f"Installing a package needs an administrator: run `sudo sh -c '{command}'`.")
    tell(f"Installing the system's package {package} …")
    apt = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    # A stale mirror list fails the update and may still serve the package, so only install decides.
    _succeeds([*apt, "update"])
    if not _succeeds([*apt, "install", "-y", package]):
        raise BrowserError(f"The package {package} could not be installed: run `{command}` and see why.")


def _rights() -> list[str] | None:
    """What to put before a command that needs root, or None where we may not have it."""
    if sys.platform == "win32":
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and _succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None


def _succeeds(argv: list[str]) -> bool:
    try:
        return process.run(argv, INSTALL_TIMEOUT_S, shown=True).returncode == 0
    except process.ProcessError:
        return False


def _candidates(name: str, playwright: Path | None) -> Iterator[Path]:
    if is_path(name):
        yield Path(name)
        return
    if playwright:
        yield playwright
    for pattern in _PLAYWRIGHT.get(name, ()):
        # The newest download first: revisions are numbers of equal length.
        yield from sorted(_playwright_downloads().glob(pattern), reverse=True)
    for kind in _KINDS[name]:
        yield from _installed(kind)


def _playwright_downloads() -> Path:
    """Where Playwright keeps browsers (https://playwright.dev/python/docs/browsers)."""
    chosen = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    if chosen and chosen != "0":
        return Path(chosen)
    if sys.platform == "darwin":
        return _home() / "Library/Caches/ms-playwright"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", _home() / "AppData/Local")) / "ms-playwright"
    return Path(os.environ.get("XDG_CACHE_HOME", _home() / ".cache")) / "ms-playwright"


def _home() -> Path:
    """Unlike Path.home, also without an entry in the password file, as in some containers."""
    return Path(os.environ.get("HOME") or os.environ.get("USERPROFILE") or "/")


def _installed(kind: str) -> Iterator[Path]:
    """Where each system's installer puts that browser, and the search path."""
    if sys.platform == "darwin":
        for folder in (Path("/Applications"), _home() / "Applications"):
            yield from (folder / app for app in _MACOS[kind])
    elif sys.platform == "win32":
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
            if folder_name := os.environ.get(variable):
                yield from (Path(folder_name) / program for program in _WINDOWS[kind])
    for command in _LINUX[kind]:
        if found := shutil.which(command):
            yield Path(found)


def _is_snap(path: Path) -> bool:
    """A link to snap, or Ubuntu's script that starts or asks for one."""
    real = path.resolve()
    if real.name == "snap" or real.parts[:2] == ("/", "snap"):
        return True
    with real.open("rb") as file:
        start = file.read(4096)
    return start.startswith(b"#!") and b"/snap/bin/" in start


def _windows_version(path: Path) -> str:
    """There `--version` opens a window, but the installer names a folder or a file by the version."""
    folders = (folder.name for folder in path.parent.iterdir() if folder.is_dir())
    versions = [name for name in folders if re.fullmatch(r"\d+(\.\d+){3}", name)]
    settings = path.with_name("application.ini")
    if settings.is_file():
        versions += re.findall(r"^Version=(\S+)", settings.read_text(errors="replace"), re.MULTILINE)
    return f"{path.stem} {versions[-1]}" if versions else path.stem
