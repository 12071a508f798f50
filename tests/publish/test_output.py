"""The output directory: whole files, quiet when nothing changes, and nothing outside of it."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.errors import OutputError
from aggregator.publish import Output


@pytest.fixture
def output(tmp_path: Path) -> Output:
    made = Output(tmp_path / "output")
    made.prepare()
    return made


@pytest.fixture(params=[0o077, 0o027, 0o022, 0o000])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    old = os.umask(request.param)
    yield request.param
    os.umask(old)


def names(output: Output) -> list[str]:
    return sorted(path.relative_to(output.directory).as_posix() for path in output.directory.rglob("*"))


def test_a_file_is_written_with_the_folders_it_needs(output: Output) -> None:
    assert output.write("dunia/archive/1.xml", b"<a/>")
    assert (output.directory / "dunia/archive/1.xml").read_bytes() == b"<a/>"
    assert names(output) == ["dunia", "dunia/archive", "dunia/archive/1.xml"]


def test_the_same_bytes_leave_the_file_alone(output: Output) -> None:
    output.write("dunia/rss.xml", b"<rss/>")
    path = output.directory / "dunia/rss.xml"
    os.utime(path, (1, 1))
    before = path.stat()
    assert not output.write("dunia/rss.xml", b"<rss/>")
    after = path.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_other_bytes_replace_it_whole(output: Output) -> None:
    output.write("rss.xml", b"<rss>old</rss>")
    path = output.directory / "rss.xml"
    with path.open("rb") as held:
        inode = path.stat().st_ino
        assert output.write("rss.xml", b"<rss>new</rss>")
        assert held.read() == b"<rss>old</rss>"
    assert path.read_bytes() == b"<rss>new</rss>"
    assert path.stat().st_ino != inode


def test_modes_are_the_same_under_every_umask(umask: int, tmp_path: Path) -> None:
    made = Output(tmp_path / "srv" / "output")
    made.prepare()
    made.write("dunia/archive/1.xml", b"x")
    for folder in ("srv", "srv/output", "srv/output/dunia", "srv/output/dunia/archive"):
        assert oct((tmp_path / folder).stat().st_mode & 0o7777) == oct(0o755)
    assert oct((made.directory / "dunia/archive/1.xml").stat().st_mode & 0o7777) == oct(0o644)


def test_a_file_that_others_cannot_read_is_made_readable_without_being_replaced(output: Output) -> None:
    output.write("rss.xml", b"x")
    path = output.directory / "rss.xml"
    path.chmod(0o600)
    inode = path.stat().st_ino
    assert not output.write("rss.xml", b"x")
    assert (oct(path.stat().st_mode & 0o777), path.stat().st_ino) == (oct(0o644), inode)


def test_a_symbolic_link_is_replaced_and_what_it_points_to_is_not_touched(
    output: Output, tmp_path: Path
) -> None:
    target = tmp_path / "secret"
    target.write_bytes(b"same")
    (output.directory / "rss.xml").symlink_to(target)
    assert output.write("rss.xml", b"same")
    assert not (output.directory / "rss.xml").is_symlink()
    output.write("rss.xml", b"other")
    assert target.read_bytes() == b"same"


def test_a_symbolic_link_in_place_of_a_folder_is_refused(output: Output, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (output.directory / "dunia").symlink_to(outside)
    with pytest.raises(OutputError, match=r"dunia/rss\.xml: a (file or a )?symbolic link"):
        output.write("dunia/rss.xml", b"x")
    assert list(outside.iterdir()) == []


def test_the_directory_itself_may_be_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    made = Output(tmp_path / "link")
    made.prepare()
    made.write("rss.xml", b"x")
    assert (tmp_path / "real/rss.xml").read_bytes() == b"x"


@pytest.mark.parametrize(
    "path", ["../x", "/etc/x", "a/../../x", "", ".", "a//b", "a/", "./a", "a\0b", "a\\b", "..", "a/.."]
)
def test_a_path_that_leads_elsewhere_is_refused(output: Output, path: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="not a path under the output directory"):
        output.write(path, b"x")
    assert [p.name for p in tmp_path.iterdir()] == ["output"]
    assert names(output) == []


def test_a_fifo_in_the_place_of_a_file_does_not_hold_us_up(output: Output) -> None:
    os.mkfifo(output.directory / "rss.xml")
    assert output.write("rss.xml", b"")
    assert (output.directory / "rss.xml").is_file()


@pytest.mark.parametrize(("there", "wanted"), [("folder", "rss.xml"), ("file", "rss.xml/a.xml")])
def test_what_stands_in_the_way_is_told_with_its_path_and_left(
    output: Output, there: str, wanted: str
) -> None:
    path = output.directory / "rss.xml"
    path.mkdir() if there == "folder" else path.write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"output/rss\.xml.*stands where a"):
        output.write(wanted, b"x")
    assert names(output) == ["rss.xml"]


def test_files_of_others_are_not_touched(output: Output) -> None:
    foreign = output.directory / "robots.txt"
    foreign.write_bytes(b"mine")
    (output.directory / ".aggregator-notes.tmp").write_bytes(b"mine too")
    output.write("dunia/rss.xml", b"x")
    assert output.sweep() == 0
    assert names(output) == [".aggregator-notes.tmp", "dunia", "dunia/rss.xml", "robots.txt"]


def test_what_a_killed_run_left_behind_is_swept_up(output: Output, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    name = ".aggregator-0123456789abcdef.tmp"
    output.write("dunia/rss.xml", b"x")
    (output.directory / "elsewhere").symlink_to(outside)
    for folder in (output.directory, output.directory / "dunia", outside):
        (folder / name).write_bytes(b"half")
    assert output.sweep() == 2
    assert names(output) == ["dunia", "dunia/rss.xml", "elsewhere"]
    assert (outside / name).exists()


def test_a_file_in_place_of_the_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "output").write_bytes(b"mine")
    with pytest.raises(OutputError, match="output: something else stands in its place"):
        Output(tmp_path / "output").prepare()


def run(script: str, directory: Path) -> str:
    """Run a few lines in a process of its own, where limits and users can be changed for good."""
    head = (
        "import os, resource, signal, sys\nfrom pathlib import Path\nfrom aggregator.publish import Output\n"
    )
    head += "from aggregator.errors import OutputError\noutput = Output(Path(sys.argv[1]))\n"
    command = [sys.executable, "-c", head + script, str(directory)]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout


def test_a_file_that_cannot_be_written_to_its_end_leaves_the_old_one_and_nothing_else(output: Output) -> None:
    output.write("rss.xml", b"old")
    said = run(
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    output.write('rss.xml', b'x' * 100_000)\n"
        "except OutputError as error:\n    print(error)\n",
        output.directory,
    )
    assert said.startswith(f"{output.directory}/rss.xml: ")
    assert said.count("\n") == 1
    assert (output.directory / "rss.xml").read_bytes() == b"old"
    assert names(output) == ["rss.xml"]


def test_a_directory_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    made = Output(tmp_path / "output")
    made.prepare()
    made.directory.chmod(0o555)
    said = run(
        "if os.geteuid() == 0:\n    os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "for act in (output.prepare, lambda: output.write('rss.xml', b'x')):\n"
        "    try:\n        act()\n"
        "    except OutputError as error:\n        print(error)\n",
        made.directory,
    )
    assert said.count("no permission to write here") == 2


def test_who_reads_while_we_write_always_sees_a_whole_file(output: Output) -> None:
    path, stop, seen = output.directory / "rss.xml", threading.Event(), set()
    versions = [bytes([number]) * 20_000 for number in range(100)]
    output.write("rss.xml", versions[0])

    def reader() -> None:
        while not stop.is_set():
            seen.add(path.read_bytes())

    thread = threading.Thread(target=reader)
    thread.start()
    for version in versions:
        output.write("rss.xml", version)
    stop.set()
    thread.join()
    assert seen <= set(versions)
    assert seen
