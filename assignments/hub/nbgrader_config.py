"""nbgrader as a courier: it carries notebooks out and back, and the judge grades.

Belongs in /etc/jupyter on the students' and the teachers' servers alike. Students have
EXCHANGE/COURSE/outbound, which they cannot write, and as EXCHANGE/COURSE/inbound a folder of their
own. Teachers have all of these folders, one for each student, at EVERYONES.
"""

import os
import shutil
from pathlib import Path

from nbgrader.exchange.default import ExchangeCollect

COURSE = os.environ.get("COURSE", "unrolled")
EXCHANGE = os.environ.get("EXCHANGE", "/srv/exchange")
EVERYONES = Path(os.environ.get("EVERYONES", "/srv/inbound"))


class CollectByFolder(ExchangeCollect):
    """Whose a submission is, the folder says in which it lies, not the name that it came with."""

    def init_src(self):
        """Find the newest submission of each student, which its time stamp tells."""
        self.inbound_path = str(EVERYONES)
        newest = {}
        for path in EVERYONES.glob(f"*/*+{self.coursedir.assignment_id}+*"):
            record = self._path_to_record(str(path))
            record.update(username=path.parent.name, filename=str(path.relative_to(EVERYONES)))
            before = newest.setdefault(path.parent.name, record)
            if record["timestamp"] > before["timestamp"]:
                newest[path.parent.name] = record
        self.src_records = list(newest.values())

    def do_copy(self, src, dest, log=None):
        """Copy the files, but neither links, which could point anywhere, nor what is large."""
        limit = 1000 * self.coursedir.max_file_size

        def left_out(folder, names):
            paths = [Path(folder, name) for name in names]
            kept = [p for p in paths if not p.is_symlink() and (p.is_dir() or p.is_file())]
            kept = [p for p in kept if p.is_dir() or p.stat().st_size <= limit]
            return set(names) - {path.name for path in kept}

        shutil.copytree(src, dest, ignore=left_out)


c = get_config()  # noqa: F821 - traitlets gives it
c.CourseDirectory.course_id = COURSE
# submitted/sequences/anna: the judge takes the folder of one set
c.CourseDirectory.directory_structure = "{nbgrader_step}/{assignment_id}/{student_id}"
c.CourseDirectory.max_file_size = 2_000  # kB
c.CourseDirectory.max_dir_size = 10_000  # kB
c.Exchange.root = EXCHANGE
if EVERYONES.is_dir():
    c.ExchangeFactory.collect = CollectByFolder
    c.ExchangeCollect.check_owner = False  # all files of all servers have one owner
