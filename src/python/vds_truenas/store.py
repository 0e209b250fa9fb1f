# SPDX-License-Identifier: LGPL-2.1-or-later
"""The file with what TrueNAS keeps and vdsd does not: user properties, numbers, extents.

What exists is never decided here.  A record is about an object of the array, by the object's id,
and counts only while the array has the object.  Before an object is made, an intention with its
properties is committed under its name; whoever finds the object without a record later takes them
from there, so that an end of the program between the two loses nothing.  Numbers are never given
twice, because democratic-csi keeps them for as long as its volumes.
"""
from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import sqlite3
import threading
from collections.abc import Iterable
from typing import Any, Literal

_FORMAT = 1
_JOBS_KEPT = 1000
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE object (id TEXT PRIMARY KEY, name TEXT NOT NULL, record TEXT NOT NULL);
CREATE TABLE intention (name TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE filesystem (name TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE target (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL,
                     record TEXT NOT NULL);
CREATE TABLE extent (number INTEGER PRIMARY KEY AUTOINCREMENT, lun_id TEXT UNIQUE NOT NULL,
                     name TEXT UNIQUE NOT NULL, record TEXT NOT NULL);
CREATE TABLE link (number INTEGER PRIMARY KEY AUTOINCREMENT, target_id TEXT NOT NULL,
                   lun_id TEXT NOT NULL, UNIQUE (target_id, lun_id));
CREATE TABLE job (number INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL);
CREATE TABLE doomed (lun_id TEXT PRIMARY KEY);
"""


class StoreError(Exception):
    """The file cannot be used: why, and what to do."""


@dataclasses.dataclass
class Record:
    """What is kept of a zvol, a snapshot or a filesystem.

    user: its user properties.  origin: the snapshot that it was cloned from, or "".  block: what
    the client called the block size of the volume, in bytes.
    """

    user: dict[str, str] = dataclasses.field(default_factory=dict)
    origin: str = ''
    block: int = 0


@dataclasses.dataclass(frozen=True)
class Extent:
    number: int
    lun_id: str
    name: str
    settings: dict[str, Any]


def _text(record: Record) -> str:
    return json.dumps(dataclasses.asdict(record), sort_keys=True)


def _record(text: str) -> Record:
    return Record(**json.loads(text))


class Store:
    """The file.  Any thread may use it; each method is one transaction, durable on return."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._lock_fd = -1
        try:
            self._lock_fd = os.open(f'{path}.lock', os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._unlock()
            raise StoreError(f'another vds-truenas uses the file {path}') from error
        except OSError as error:
            raise StoreError(f'the file {path} cannot be used: {error.strerror}; its directory '
                             'must exist and belong to this user') from error
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._begin()
        except (OSError, sqlite3.Error) as error:
            self._unlock()
            raise StoreError(f'the file {path} cannot be used: {error}; restore it from a backup, '
                             'or move it away') from error
        except StoreError:
            self._unlock()
            raise

    def _unlock(self) -> None:
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
        self._lock_fd = -1

    def _begin(self) -> None:
        self._db.execute('PRAGMA journal_mode = WAL')           # one flush for each commit
        self._db.execute('PRAGMA synchronous = FULL')
        found = self._db.execute('PRAGMA user_version').fetchone()[0]
        if found == 0:
            self._db.executescript(f'BEGIN;{_TABLES}PRAGMA user_version = {_FORMAT};COMMIT;')
        elif found != _FORMAT:
            self._db.close()
            raise StoreError(f'the file {self.path} is of another version of vds-truenas '
                             f'(format {found}, this one writes {_FORMAT})')

    def close(self) -> None:
        with self._lock:
            self._db.close()
            self._unlock()

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _change(self, *steps: tuple[Any, ...]) -> int:
        """One transaction of (sql, value...); returns the row id of its last insert."""
        with self._lock:
            self._db.execute('BEGIN IMMEDIATE')
            try:
                last = 0
                for sql, *values in steps:
                    last = self._db.execute(sql, values).lastrowid or 0
                self._db.execute('COMMIT')
                return last
            except BaseException:
                self._db.execute('ROLLBACK')
                raise

    # Which array it is about

    def array(self) -> str | None:
        rows = self._rows("SELECT value FROM meta WHERE key = 'array'")
        return str(rows[0][0]) if rows else None

    def set_array(self, array_id: str) -> None:
        self._change(("INSERT OR IGNORE INTO meta VALUES ('array', ?)", array_id))

    # Zvols and snapshots

    def intend(self, name: str, record: Record) -> None:
        self._change(('INSERT OR REPLACE INTO intention VALUES (?, ?)', name, _text(record)))

    def forget_intention(self, name: str) -> None:
        self._change(('DELETE FROM intention WHERE name = ?', name))

    def made(self, name: str, ident: str) -> None:
        """The object `ident` was made: it gets the record of the intention, if there is one."""
        self._change(('INSERT OR IGNORE INTO object SELECT ?, name, record FROM intention '
                      'WHERE name = ?', ident, name),
                     ('DELETE FROM intention WHERE name = ?', name))

    def object(self, ident: str) -> tuple[str, Record] | None:
        rows = self._rows('SELECT name, record FROM object WHERE id = ?', ident)
        return (rows[0][0], _record(rows[0][1])) if rows else None

    def objects(self) -> dict[str, tuple[str, Record]]:
        return {ident: (name, _record(text))
                for ident, name, text in self._rows('SELECT id, name, record FROM object')}

    def intentions(self) -> set[str]:
        return {name for (name,) in self._rows('SELECT name FROM intention')}

    def set_object(self, ident: str, name: str, record: Record) -> None:
        self._change(('INSERT OR REPLACE INTO object VALUES (?, ?, ?)', ident, name, _text(record)))

    def gone(self, ident: str) -> None:
        """The object was deleted."""
        self._change(('DELETE FROM object WHERE id = ?', ident),
                     ('DELETE FROM extent WHERE lun_id = ?', ident),
                     ('DELETE FROM link WHERE lun_id = ? OR target_id = ?', ident, ident),
                     ('DELETE FROM target WHERE id = ?', ident))

    def doom(self, lun_id: str) -> None:
        """Notes that the snapshots of a LUN are to be deleted once the LUN is."""
        self._change(('INSERT OR IGNORE INTO doomed VALUES (?)', lun_id))

    def doomed(self) -> list[str]:
        return [lun_id for (lun_id,) in self._rows('SELECT lun_id FROM doomed')]

    def spare(self, lun_id: str) -> None:
        self._change(('DELETE FROM doomed WHERE lun_id = ?', lun_id))

    # Filesystems, which are names only

    def filesystems(self) -> dict[str, Record]:
        return {name: _record(text)
                for name, text in self._rows('SELECT name, record FROM filesystem')}

    def make_filesystems(self, names: Iterable[str]) -> None:
        self._change(*(('INSERT OR IGNORE INTO filesystem VALUES (?, ?)', name, _text(Record()))
                       for name in names))

    def set_filesystem(self, name: str, record: Record) -> None:
        self._change(('INSERT OR REPLACE INTO filesystem VALUES (?, ?)', name, _text(record)))

    def delete_filesystem(self, name: str) -> None:
        self._change(('DELETE FROM filesystem WHERE name = ?', name))

    # Targets, extents, and which are together

    def target_number(self, target_id: str) -> int:
        """The number of a target, which gets one when it has none."""
        rows = self._rows('SELECT number FROM target WHERE id = ?', target_id)
        if rows:
            return int(rows[0][0])
        self._change(("INSERT OR IGNORE INTO target (id, record) VALUES (?, '[]')", target_id))
        return int(self._rows('SELECT number FROM target WHERE id = ?', target_id)[0][0])

    def target_id(self, number: int) -> str | None:
        rows = self._rows('SELECT id FROM target WHERE number = ?', number)
        return str(rows[0][0]) if rows else None

    def groups(self, target_id: str) -> list[dict[str, Any]]:
        rows = self._rows('SELECT record FROM target WHERE id = ?', target_id)
        return list(json.loads(rows[0][0])) if rows else []

    def set_groups(self, target_id: str, groups: list[dict[str, Any]]) -> None:
        self.target_number(target_id)
        self._change(('UPDATE target SET record = ? WHERE id = ?', json.dumps(groups), target_id))

    def extents(self) -> list[Extent]:
        return [Extent(number, lun_id, name, json.loads(text)) for number, lun_id, name, text in
                self._rows('SELECT number, lun_id, name, record FROM extent ORDER BY number')]

    def extent(self, column: Literal['number', 'lun_id', 'name'], key: str | int) -> Extent | None:
        rows = self._rows(f'SELECT number, lun_id, name, record FROM extent WHERE {column} = ?',
                          key)
        if not rows:
            return None
        number, lun_id, name, text = rows[0]
        return Extent(number, lun_id, name, json.loads(text))

    def make_extent(self, lun_id: str, name: str, settings: dict[str, Any]) -> int:
        return self._change(('INSERT INTO extent (lun_id, name, record) VALUES (?, ?, ?)', lun_id,
                             name, json.dumps(settings)))

    def delete_extent(self, number: int) -> None:
        self._change(('DELETE FROM extent WHERE number = ?', number))

    def link_number(self, target_id: str, lun_id: str) -> int:
        query = 'SELECT number FROM link WHERE target_id = ? AND lun_id = ?'
        rows = self._rows(query, target_id, lun_id)
        if rows:
            return int(rows[0][0])
        self._change(('INSERT OR IGNORE INTO link (target_id, lun_id) VALUES (?, ?)', target_id,
                      lun_id))
        return int(self._rows(query, target_id, lun_id)[0][0])

    def delete_link(self, number: int) -> None:
        self._change(('DELETE FROM link WHERE number = ?', number))

    # Jobs, all of which have ended

    def add_job(self, record: dict[str, Any]) -> int:
        number = self._change(('INSERT INTO job (record) VALUES (?)', json.dumps(record)))
        self._change(('DELETE FROM job WHERE number <= ?', number - _JOBS_KEPT))
        return number

    def jobs(self) -> list[tuple[int, dict[str, Any]]]:
        return [(number, json.loads(text))
                for number, text in self._rows('SELECT number, record FROM job ORDER BY number')]
