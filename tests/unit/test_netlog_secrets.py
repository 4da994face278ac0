"""What Chromium leaves in its NetLog is overwritten before the recording is done."""

from browserconc.evidence.netlog import strip_credentials


def test_credential_headers_are_overwritten_in_place(tmp_path):
    path = tmp_path / "netlog-1.json"
    line = b'{"params":{"headers":["Host: x","X-Api-Key: s3cret","Cookie: [3 bytes were stripped]"]}},\n'
    path.write_bytes(line)
    strip_credentials(path)
    assert b"s3cret" not in path.read_bytes()
    assert len(path.read_bytes()) == len(line)
    assert b"Host: x" in path.read_bytes()


def test_a_log_that_was_never_written_is_no_problem(tmp_path):
    strip_credentials(tmp_path / "netlog-1.json")
