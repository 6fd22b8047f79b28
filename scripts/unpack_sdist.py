"""Unpacks the source distribution for a build in a fixed place, and leaves every file alone that is as it was, so that
cargo builds anew only what changed. What pip does, unpacking below /tmp, would have it build everything each time.

    unpack_sdist.py ARCHIVE FOLDER
"""

import pathlib
import sys
import tarfile


def main() -> None:
    archive, folder = sys.argv[1:]
    wanted: dict[pathlib.Path, bytes] = {}
    with tarfile.open(archive) as packed:
        for member in packed:
            if member.isdir():
                continue
            content = packed.extractfile(member)
            # A link, or a name that leads out of the folder, has no business in it.
            if content is None or not (path := pathlib.Path(folder, member.name)).resolve().is_relative_to(
                pathlib.Path(folder).resolve()
            ):
                raise SystemExit(f"unpack_sdist.py: {member.name} in {archive} is no plain file: look at the archive")
            wanted[path] = content.read()
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file() and path not in wanted:
            path.unlink()
    for path, content_now in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content_now:
            path.write_bytes(content_now)


if __name__ == "__main__":
    main()
