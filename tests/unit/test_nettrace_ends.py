"""Every exception to "an END closes the latest BEGIN", as NetLog files show it."""

from __future__ import annotations

import pytest

from browserconc.evidence.nettrace_ends import OpenEvents

REQUEST = "+CORS_REQUEST +REQUEST_ALIVE +URL_REQUEST_START_JOB "


def ends(story: str) -> str:
    """The ENDs of a story: `+T` begins, `T` has no duration, `-` and `!` (with a net_error) end."""
    steps = story.split()
    source = OpenEvents()
    found = []
    for step, following in zip(steps, [*steps[1:], "-"], strict=True):
        if step.startswith("+"):
            source.begin(step[1:])
        elif step in "-!":
            found.append(str(source.end(step == "!", None if following in "-!" else following.lstrip("+"))))
        else:
            source.none(step)
    return " ".join(found)


@pytest.mark.parametrize(
    ("story", "types"),
    [
        ("+A +B - - +C -", "B A C"),
        ("-", "None"),
        (REQUEST + "- - -", "URL_REQUEST_START_JOB CORS_REQUEST REQUEST_ALIVE"),
        (
            "+CORS_REQUEST +REQUEST_ALIVE +HTTP_TRANSACTION_READ_HEADERS - CANCELLED -",
            "CORS_REQUEST REQUEST_ALIVE",
        ),
        (
            REQUEST + "+HTTP_STREAM_REQUEST - CANCELLED - -",
            "CORS_REQUEST HTTP_STREAM_REQUEST REQUEST_ALIVE",
        ),
        (
            REQUEST + "! +URL_REQUEST_DELEGATE_RESPONSE_STARTED - - !",
            "URL_REQUEST_START_JOB CORS_REQUEST URL_REQUEST_DELEGATE_RESPONSE_STARTED REQUEST_ALIVE",
        ),
        (
            REQUEST + "- +URL_REQUEST_DELEGATE_RESPONSE_STARTED - - -",
            "URL_REQUEST_START_JOB URL_REQUEST_DELEGATE_RESPONSE_STARTED CORS_REQUEST REQUEST_ALIVE",
        ),
        (
            REQUEST + "+URL_REQUEST_DELEGATE_SSL_CERTIFICATE_ERROR - CANCELLED !",
            "URL_REQUEST_DELEGATE_SSL_CERTIFICATE_ERROR URL_REQUEST_START_JOB",
        ),
        ("+REQUEST_ALIVE +URL_REQUEST_START_JOB +HTTP_TRANSACTION_READ_HEADERS CANCELLED -", "REQUEST_ALIVE"),
        (
            REQUEST
            + "+HTTP_STREAM_REQUEST HTTP_STREAM_JOB_CONTROLLER_BOUND - HTTP_STREAM_REQUEST_BOUND_TO_JOB -"
            + " +HTTP_STREAM_PARSER_READ_HEADERS CANCELLED -",
            "CORS_REQUEST HTTP_STREAM_REQUEST REQUEST_ALIVE",
        ),
        (
            "+HTTP_STREAM_JOB +HTTP_STREAM_JOB_INIT_CONNECTION HTTP_STREAM_JOB_BOUND_TO_REQUEST -",
            "HTTP_STREAM_JOB",
        ),
        (
            "+HTTP_STREAM_JOB +HTTP_STREAM_JOB_INIT_CONNECTION +SOCKET_POOL - CANCELLED -",
            "HTTP_STREAM_JOB SOCKET_POOL",
        ),
        (
            "+SOCKET_ALIVE +SSL_CONNECT ! - SOCKET_POOL_CLOSING_SOCKET -",
            "SSL_CONNECT SOCKET_IN_USE SOCKET_ALIVE",
        ),
    ],
)
def test_the_begin_that_an_end_closes(story: str, types: str) -> None:
    assert ends(story) == types
