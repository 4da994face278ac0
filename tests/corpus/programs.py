"""The command lines with which people start the servers of the corpus."""

from __future__ import annotations

from typing import Literal

from tests.corpus.case import Program

Port = Literal["port", "origin"]


def flask(*options: str) -> Program:
    """Flask's own command; threaded unless told otherwise."""
    return Program(
        ("{python}", "-m", "flask", "--app", "{apps}/flask_shop.py", "run", "--port", "{port}", *options)
    )


def gunicorn(*options: str, listens: Port = "port") -> Program:
    """Gunicorn in front of the shop."""
    bind = ("--bind", f"127.0.0.1:{{{listens}}}", "--chdir", "{apps}")
    return Program(("{python}", "-m", "gunicorn", *bind, *options, "flask_shop:app"), listens=listens)


def waitress(*options: str) -> Program:
    """Waitress in front of the shop; four threads unless told otherwise."""
    return Program(("{python}", "-m", "waitress", "--listen=127.0.0.1:{port}", *options, "flask_shop:app"))


def uvicorn(app: str, *options: str, listens: Port = "port") -> Program:
    """Uvicorn with one process."""
    return Program(
        ("{python}", "-m", "uvicorn", "--port", f"{{{listens}}}", "--no-access-log", *options, app),
        listens=listens,
    )


def hypercorn(app: str, config: str) -> Program:
    """Hypercorn with TLS, which makes browsers speak HTTP/2."""
    return Program(("{python}", "-m", "hypercorn", "--config", f"{{place}}/{config}", app), template=config)


def standard_library(*options: str) -> Program:
    """`http.server` as small tools use it."""
    return Program(("{python}", "{apps}/http_files.py", "{port}", *options))


def php(workers: int) -> Program:
    """PHP's built-in server; without PHP_CLI_SERVER_WORKERS it is one process that serves one at a time."""
    environment = {"PHP_CLI_SERVER_WORKERS": str(workers)} if workers > 1 else {}
    argv = ("php", "-d", "session.save_path={place}", "-S", "127.0.0.1:{port}", "-t", "{apps}/php")
    return Program(argv, environment)


def nginx(configuration: str) -> Program:
    """Nginx in front of what listens on `origin`."""
    return Program(("nginx", "-p", "{place}", "-c", f"{{place}}/{configuration}"), template=configuration)


def node() -> Program:
    """Node's own http module."""
    return Program(("node", "{apps}/node_api.js", "{port}"))


def django(*options: str) -> Program:
    """Django's development server."""
    command = ("runserver", "--noreload", *options, "127.0.0.1:{port}")
    return Program(("{python}", "{apps}/django_site.py", *command))
