"""Creating threads, the second way: a function that is handed to Thread as its target, with its arguments.

Each thread makes the checksum of one document. Each writes to a key of its own, and the main thread reads when it has
joined them all.
"""

from __future__ import annotations

import hashlib
import threading

DOCUMENTS = {f"page {number}": f"text of page {number}. ".encode() * 20_000 for number in range(1, 5)}


def checksum(name: str, results: dict[str, str], *, length: int) -> None:
    # Hashing leaves the interpreter, so that these threads run at the same time even where there is a global lock.
    results[name] = hashlib.sha256(DOCUMENTS[name]).hexdigest()[:length]


def main() -> None:
    results: dict[str, str] = {}
    threads = [
        threading.Thread(target=checksum, args=(name, results), kwargs={"length": 12}, name=f"reader of {name}")
        for name in DOCUMENTS
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
        print(f"{thread.name} has ended")
    for name, document in DOCUMENTS.items():
        assert results[name] == hashlib.sha256(document).hexdigest()[:12]
    print(f"{len(results)} checksums are right, and all differ: {len(set(results.values())) == len(DOCUMENTS)}")


if __name__ == "__main__":
    main()
