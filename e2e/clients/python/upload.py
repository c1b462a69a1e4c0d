"""One upload with tuspy, resumed when an earlier run of the same file left something."""

import json
import sys

from tusclient import client
from tusclient.storage import filestorage

task = json.loads(sys.argv[1])


def report(**line):
    print(json.dumps(line), flush=True)


tus = client.TusClient(task["endpoint"], headers={"Authorization": f"Bearer {task['token']}"})
uploader = tus.uploader(
    task["file"],
    chunk_size=task["chunk_size"],
    metadata={"filename": "random.bin", "filetype": "application/octet-stream"},
    store_url=True,
    url_storage=filestorage.FileStorage(task["state"]),
    upload_checksum=task["checksum"],
    retries=5,
    retry_delay=1,
)
if uploader.url:
    report(resumed_at=uploader.offset)
size = uploader.get_file_size()
while uploader.offset < size:
    uploader.upload_chunk()
    report(sent=uploader.offset)
report(url=uploader.url)
