"""Ask NVML how busy the NVIDIA cards are, a few times a second until killed: `python nvml_samples.py OUT.jsonl`.

Run by path, in a process of its own: with a sick card a call blocks for minutes or crashes.
"""

import json
import os
import sys
import time

import pynvml

EACH_S = 0.25  # NVML itself looks between a sixth of a second and a second


def main() -> None:
    parent = os.getppid()
    pynvml.nvmlInit()
    handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
    cards = [(pynvml.nvmlDeviceGetUUID(handle), handle) for handle in handles]
    with open(sys.argv[1], "a", encoding="ascii") as out:
        while os.getppid() == parent:  # whoever started it may be killed before it can end this
            busy = {uuid: busy_percent(handle) for uuid, handle in cards}
            out.write(json.dumps({"at_s": time.monotonic(), "busy": busy}) + "\n")
            out.flush()
            time.sleep(EACH_S)


def busy_percent(handle: object) -> "int | None":
    """Of the last moments, those in which any kernel ran; None where the card does not tell, as with MIG."""
    try:
        return int(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    except pynvml.NVMLError:
        return None


if __name__ == "__main__":
    main()
