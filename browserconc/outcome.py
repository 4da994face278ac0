"""What the library hands out: a Result that can show itself, and one class for all that goes wrong."""

from __future__ import annotations

import html as markup
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from browserconc.model import finding

_FRAME_HEIGHT_PX = 720


class MeasurementError(RuntimeError):
    """Nothing could be measured or read: one sentence, what failed and what to do."""


@dataclass(frozen=True, slots=True)
class Result(finding.Result):
    """What was measured and concluded; the same values that every report shows.

    In a notebook it shows itself as the HTML page, in a terminal `print(result)` the text report.
    """

    @classmethod
    def of(cls, result: finding.Result) -> Result:
        """The same result, with its reports."""
        return cls(**{field.name: getattr(result, field.name) for field in fields(finding.Result)})

    @classmethod
    def load(cls, path: str | Path) -> Result:
        """A result that `json()` wrote, or a recording's folder.

        Raises:
            MeasurementError: it is neither.
        """
        from browserconc.report import result_json  # noqa: PLC0415

        path = Path(path)
        with in_one_sentence():
            if path.is_dir():
                from browserconc import recorded  # noqa: PLC0415 - loads the browser's driver

                return cls.of(recorded.analyze(path))
            return cls.of(result_json.parse(path.read_bytes()))

    def text(self, width: int = 80, *, colour: bool = False, verbose: bool = False) -> str:
        """The report of the terminal."""
        from browserconc.report import explained, terminal  # noqa: PLC0415

        if explained.told_by(self):
            return explained.render(self, width=width, colour=colour)
        return terminal.render(self, width=width, colour=colour, verbose=verbose)

    def json(self) -> str:
        """As `--json` writes it, schema "browserconc/result-1"."""
        from browserconc.report import result_json  # noqa: PLC0415

        return result_json.render(self)

    def markdown(self) -> str:
        """As `--markdown` writes it."""
        from browserconc.report import explained  # noqa: PLC0415
        from browserconc.report import markdown as markdown_report  # noqa: PLC0415

        return explained.markdown(self) if explained.told_by(self) else markdown_report.render(self)

    def html(self) -> str:
        """One self-contained page, as `--html` writes it."""
        from browserconc.report import html  # noqa: PLC0415

        return html.render(self)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        page = markup.escape(self.html(), quote=True)
        return (
            f'<iframe title="browserconc" sandbox="allow-scripts" srcdoc="{page}" '
            f'style="width: 100%; height: {_FRAME_HEIGHT_PX}px; border: 0"></iframe>'
        )


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Whatever a user can cause becomes a MeasurementError, wrong names and values a ValueError."""
    try:
        yield
    except _wrong_usage() as problem:
        raise ValueError(str(problem)) from problem
    except _failures() as problem:
        raise MeasurementError(str(problem)) from problem
    except OSError as problem:
        raise MeasurementError(
            f"{problem.filename or 'A file'} cannot be read or written ({problem.strerror or problem})."
        ) from problem


def _wrong_usage() -> type[Exception]:
    from browserconc.profile import UsageError  # noqa: PLC0415

    return UsageError


def _failures() -> tuple[type[Exception], ...]:
    """Loaded when something failed: that is when they have been loaded already."""
    from browserconc.diagnosis import DiagnosisError  # noqa: PLC0415
    from browserconc.evidence.log_file import LogError  # noqa: PLC0415
    from browserconc.lab.browser import BrowserError  # noqa: PLC0415
    from browserconc.lab.running import ServerError  # noqa: PLC0415
    from browserconc.observation import ProcessError, UnreachableError, WatchError  # noqa: PLC0415
    from browserconc.recording import RecordingError  # noqa: PLC0415
    from browserconc.report.json_text import ResultError  # noqa: PLC0415

    return (
        BrowserError,
        DiagnosisError,
        LogError,
        ProcessError,
        RecordingError,
        ResultError,
        ServerError,
        UnreachableError,
        WatchError,
    )
