"""One parent at a time works on a run, and a crash keeps nobody out."""

import os
import subprocess
import sys
import threading
import time

import pytest

from fxstudy.runs.files import read_json, write_json
from fxstudy.runs.lock import NAME, FolderLock, LockWatch

HOLD = """
import sys, time
from pathlib import Path
from fxstudy.runs.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
assert lock.acquire()
print('held', flush=True)
time.sleep(60)
"""


def test_second_holder_waits_until_the_first_gives_back(tmp_path):
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    assert first.acquire() and LockWatch(tmp_path).state() == "held"
    assert not second.acquire(wait_seconds=0.3)
    first.release()
    assert LockWatch(tmp_path).state() == "free"
    assert second.acquire()
    first.release()
    assert LockWatch(tmp_path).state() == "held", "a release by somebody else must not free it"
    second.release()
    assert list(tmp_path.iterdir()) == []


def test_lock_of_a_killed_process_is_taken_at_once(tmp_path, repository):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, cwd=repository
    )
    assert holder.stdout.readline() == b"held\n"
    lock = FolderLock(tmp_path)
    assert not lock.acquire()
    holder.kill()
    holder.communicate()
    assert lock.acquire()
    lock.release()


@pytest.mark.parametrize("content", ['{"token": "x", "machine": "another"}', ""])
def test_lock_of_another_machine_is_stale_only_without_signs_of_life(tmp_path, content):
    (tmp_path / NAME).write_text(content)
    watch = LockWatch(tmp_path, stale_seconds=0.3)
    assert watch.state() == "held"
    for _ in range(4):
        time.sleep(0.15)
        os.utime(tmp_path / NAME)
        assert watch.state() == "held"
    time.sleep(0.4)
    assert watch.state() == "stale"
    lock = FolderLock(tmp_path, stale_seconds=0.3)
    assert not lock.acquire(), "a newcomer first has to watch"
    assert lock.acquire(wait_seconds=2)
    lock.release()


def test_lock_renewed_by_another_holder_is_not_removed(tmp_path):
    write_json(tmp_path / NAME, {"token": "old", "machine": "another"})
    watch = LockWatch(tmp_path, stale_seconds=0.1)
    watch.state()
    time.sleep(0.2)
    assert watch.state() == "stale"
    write_json(tmp_path / NAME, {"token": "new", "machine": "another"})
    watch.remove()
    assert read_json(tmp_path / NAME)["token"] == "new"


def test_holder_renews_its_lock_and_learns_that_it_lost_it(tmp_path):
    lock = FolderLock(tmp_path, beat_seconds=0.1)
    assert lock.acquire()
    before = (tmp_path / NAME).stat().st_mtime_ns
    time.sleep(0.4)
    assert (tmp_path / NAME).stat().st_mtime_ns > before and not lock.lost.is_set()
    write_json(tmp_path / NAME, {"token": "thief", "machine": "another"})
    assert lock.lost.wait(2)
    lock.release()
    assert read_json(tmp_path / NAME)["token"] == "thief"


def test_only_one_of_many_takes_a_stale_lock(tmp_path):
    for _ in range(20):
        write_json(tmp_path / NAME, {"token": "dead", "machine": "another"})
        watches = [LockWatch(tmp_path, stale_seconds=0.1) for _ in range(6)]
        assert {watch.state() for watch in watches} == {"held"}
        time.sleep(0.15)
        locks = [FolderLock(tmp_path) for _ in watches]
        won = []

        def take(watch, lock):
            if watch.state() == "stale":
                watch.remove()
            if lock.acquire():
                won.append(lock)  # noqa: B023

        threads = [threading.Thread(target=take, args=pair) for pair in zip(watches, locks, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        holders = [lock for lock in won if read_json(tmp_path / NAME)["token"] == lock.token]
        assert len(won) == len(holders) == 1
        won[0].release()
        for leftover in tmp_path.iterdir():
            leftover.unlink()


def test_works_where_there_are_no_hard_links(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    assert first.acquire() and not second.acquire()
    first.release()
    assert second.acquire()
    second.release()
