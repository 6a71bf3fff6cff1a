"""Packs the logs that tests read, and unpacks them; used by `pytest_logs.py` and `wild_logs.py`.

    python3 scripts/log_archives.py unpack ARCHIVE FOLDER
    python3 scripts/log_archives.py pack FOLDER ARCHIVE

The same files always give the same archive: names are sorted, and no time or owner is kept.
"""
import gzip
import io
import pathlib
import sys
import tarfile


def read(archive):
    """The files of an archive by their names; none where there is no archive yet."""
    if not pathlib.Path(archive).exists():
        return {}
    with tarfile.open(archive, "r:gz") as packed:
        members = [member for member in packed.getmembers() if member.isfile()]
        return {member.name: packed.extractfile(member).read() for member in members}


def write(archive, files):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as packed:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(files[name]), 0o644
            packed.addfile(member, io.BytesIO(files[name]))
    archive = pathlib.Path(archive)
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(gzip.compress(plain.getvalue(), 9, mtime=0))


def main(words):
    match words:
        case ["unpack", archive, folder]:
            for name, data in read(archive).items():
                file = pathlib.Path(folder) / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
        case ["pack", folder, archive]:
            folder = pathlib.Path(folder)
            found = sorted(file for file in folder.rglob("*") if file.is_file())
            write(archive, {file.relative_to(folder).as_posix(): file.read_bytes()
                            for file in found})
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
