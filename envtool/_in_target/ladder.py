"""The rungs between `import torch` and a training step, each a small proof: a failure says where the stack ends.

Stand-alone, Python 3.6 grammar. A rung is a function of the stage that yields checks and remarks; it raises Skipped where it has
nothing to prove. Expected numbers are made on the CPU in double precision, never by the device that is judged.
"""

import importlib
import importlib.util
import platform
import time
from typing import Any, Callable, Dict, Iterator, Optional

import cores  # type: ignore[import-not-found]  # in the same folder when this runs

Said = Dict[str, Any]
MARK = 3  # what a tensor is filled with
CROWDED = 0.8  # of a core, for a thread that never waits


class Skipped(Exception):
    """Nothing to prove here, and why."""


class Stage:
    """What the rungs stand on: torch, once it is imported, and the device, once it is chosen."""

    def __init__(self, wanted: str, seed: int) -> None:
        self.wanted = wanted
        self.seed = seed
        self.torch = None  # type: Any
        self.device = None  # type: Any


def check(name: str, measured: Any, limit: Optional[float], unit: str, better: str = "lower") -> Said:
    return {"name": name, "measured": float(measured), "limit": limit, "unit": unit, "better": better}


def remark(text: str) -> Said:
    return {"text": text}


def import_torch(stage: Stage) -> Iterator[Said]:
    import torch  # noqa: PLC0415 - it is what this rung proves

    stage.torch = torch
    torch.manual_seed(stage.seed)
    yield from ()


def device(stage: Stage) -> Iterator[Said]:
    torch = stage.torch
    stage.device = torch.device(best_device(torch) if stage.wanted == "auto" else stage.wanted)
    if stage.device.type == "cuda":
        if not torch.cuda.is_available():
            raise RuntimeError("torch {} sees no GPU".format(torch.__version__))
        if stage.device.index is None:
            stage.device = torch.device("cuda", torch.cuda.current_device())
    yield from ()


def best_device(torch: Any) -> str:
    if torch.cuda.is_available():  # an AMD card counts as one of these
        return "cuda"
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        return "xpu"
    if hasattr(torch.backends, "mps") and torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def device_name(stage: Stage) -> str:
    kind = stage.device.type
    if kind in ("cuda", "xpu"):
        return str(getattr(stage.torch, kind).get_device_name(stage.device))
    return "Apple GPU" if kind == "mps" else processor_name()


def processor_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        models = []
    return models[0] if models else platform.processor() or platform.machine()


def allocate(stage: Stage) -> Iterator[Said]:
    block = stage.torch.full((1 << 20,), MARK, dtype=stage.torch.int32, device=stage.device)
    yield check("values that a new tensor holds", (block.cpu() != MARK).sum(), 0, "wrong values")


def kernel(stage: Stage) -> Iterator[Said]:
    """The first kernel: a build without one for this card fails here."""
    ramp = stage.torch.arange(1000, device=stage.device)
    yield check("sum of 0 to 999", abs(int((ramp * 2).sum().item()) - 999000), 0, "off")


def matmul(stage: Stage) -> Iterator[Said]:
    torch = stage.torch
    left, right = (torch.randn(256, 256, dtype=torch.float64) for _ in range(2))
    expected = left @ right
    for name, dtype, tf32, limit in (
        ("float32", torch.float32, False, 1e-5),
        ("TF32", torch.float32, True, 2e-3),
        ("bfloat16", torch.bfloat16, False, 1e-2),
        ("float16", torch.float16, False, 1e-2),  # old versions of torch add up in half precision too
    ):
        if tf32 and stage.device.type != "cuda":
            continue
        allow_tf32(torch, tf32)
        try:
            product = left.to(stage.device, dtype) @ right.to(stage.device, dtype)
        except RuntimeError as error:
            if dtype is torch.float32:
                raise
            yield remark("no {} product here: {}".format(name, first_line(error)))  # old cards and builds
        else:
            yield check("{} against float64".format(name), relative(product, expected), limit, "relative error")
    allow_tf32(torch, False)


def allow_tf32(torch: Any, allowed: bool) -> None:
    """For matrix products. Before torch 1.7 there was none of it."""
    if hasattr(torch.backends.cuda, "matmul"):
        torch.backends.cuda.matmul.allow_tf32 = allowed


def convolution(stage: Stage) -> Iterator[Said]:
    torch = stage.torch
    image, weight = torch.randn(2, 8, 32, 32, dtype=torch.float64), torch.randn(16, 8, 3, 3, dtype=torch.float64)
    columns = torch.nn.functional.unfold(image, 3)  # (2, 72, 900)
    expected = (weight.reshape(16, -1) @ columns).reshape(2, 16, 30, 30)
    torch.backends.cudnn.allow_tf32 = False
    found = torch.nn.functional.conv2d(image.to(stage.device, torch.float32), weight.to(stage.device, torch.float32))
    yield check("3 by 3 against its matrix product", relative(found, expected), 1e-5, "relative error")


def attention(stage: Stage) -> Iterator[Said]:
    torch = stage.torch
    attend = getattr(torch.nn.functional, "scaled_dot_product_attention", None)
    if attend is None:
        raise Skipped("torch {} has no scaled_dot_product_attention".format(torch.__version__))
    query, key, value = (torch.randn(2, 4, 64, 32, dtype=torch.float64) for _ in range(3))
    expected = torch.softmax(query @ key.transpose(-1, -2) / 32**0.5, -1) @ value
    for name, dtype, limit in (("float32", torch.float32, 1e-5), ("bfloat16", torch.bfloat16, 2e-2)):
        found = attend(*(each.to(stage.device, dtype) for each in (query, key, value)))
        yield check("{} against softmax".format(name), relative(found, expected), limit, "relative error")


def autograd(stage: Stage) -> Iterator[Said]:
    """The gradient of sum((x W)^2) for W is 2 x^T x W."""
    torch = stage.torch
    x, weight = torch.randn(64, 32, dtype=torch.float64), torch.randn(32, 16, dtype=torch.float64)
    parameter = weight.to(stage.device, torch.float32).requires_grad_()
    (x.to(stage.device, torch.float32) @ parameter).pow(2).sum().backward()
    expected = 2 * x.t() @ x @ weight
    yield check("gradient against its closed form", relative(parameter.grad, expected), 1e-5, "relative error")


def optimizer(stage: Stage) -> Iterator[Said]:
    """Adam's first step is lr * sign(gradient), but for eps."""
    torch = stage.torch
    parameter = torch.ones(1000, device=stage.device, requires_grad=True)
    gradient = torch.randn(1000).to(stage.device)
    parameter.grad = gradient.clone()
    torch.optim.Adam([parameter], lr=0.125).step()
    error = (parameter.detach() - (1 - 0.125 * gradient.sign())).abs().max()
    yield check("first step of Adam", error, 1e-3, "max abs error")


def copies(stage: Stage) -> Iterator[Said]:
    torch = stage.torch
    block = torch.arange(1 << 23, dtype=torch.int64)  # 64 MiB
    rates = []
    for to, source in ((stage.device, block), (torch.device("cpu"), block.to(stage.device))):
        synchronize(stage)
        began = time.perf_counter()
        moved = source.to(to, copy=True)
        synchronize(stage)
        rates.append(block.numel() * 8 / 1e9 / (time.perf_counter() - began))
    yield check("values changed on the way there and back", (moved.cpu() != block).sum(), 0, "wrong values")
    yield check("to the device", rates[0], None, "GB/s", "higher")
    yield check("from the device", rates[1], None, "GB/s", "higher")


def compile_function(stage: Stage) -> Iterator[Said]:
    torch = stage.torch
    if not hasattr(torch, "compile"):
        raise Skipped("torch {} has no compile".format(torch.__version__))
    x = torch.randn(1000, device=stage.device)
    try:
        found = torch.compile(lambda value: torch.sin(value) ** 2 + torch.cos(value) ** 2)(x)
    except Exception as error:  # noqa: BLE001 - each version and back end raises its own
        raise Skipped("torch.compile does not work here: {}".format(first_line(error))) from None
    yield check("sin^2 + cos^2, compiled", (found - 1).abs().max(), 1e-5, "max abs error")


def stream(stage: Stage) -> Iterator[Said]:
    torch = stage.torch
    if stage.device.type != "cuda":
        raise Skipped("only CUDA devices have streams to choose from")
    side = torch.cuda.Stream(stage.device)
    block = torch.zeros(1 << 22, device=stage.device)
    side.wait_stream(torch.cuda.current_stream(stage.device))
    with torch.cuda.stream(side):
        for _ in range(MARK):
            block += 1
    torch.cuda.current_stream(stage.device).wait_stream(side)
    yield check("work on another stream", (block != MARK).sum(), 0, "wrong values")


def data_loader(stage: Stage) -> Iterator[Said]:
    torch = stage.torch
    data = torch.utils.data.TensorDataset(torch.arange(64 * 4096).reshape(64, 4096))
    loader = torch.utils.data.DataLoader(data, batch_size=8, num_workers=2, timeout=20)
    total = sum(int(batch.to(stage.device).sum()) for (batch,) in loader)
    count = 64 * 4096
    yield check("sum of what two workers loaded", abs(total - count * (count - 1) // 2), 0, "off")


def out_of_memory(stage: Stage) -> Iterator[Said]:
    """What asks for too much is refused, and the device works on."""
    torch = stage.torch
    try:
        torch.empty(1 << 60, dtype=torch.uint8, device=stage.device)
    except (RuntimeError, MemoryError):
        pass
    else:
        raise RuntimeError("an exbibyte was granted: memory is promised that is not there")
    yield check("a sum after it", abs(torch.ones(10, device=stage.device).sum().item() - 10), 0, "off")


def companions(stage: Stage) -> Iterator[Said]:
    """What was compiled against torch: of another build, it fails as it is imported or as its own operator is called."""
    torch = stage.torch
    there = [name for name in ("torchvision", "torchaudio") if importlib.util.find_spec(name)]
    if not there:
        raise Skipped("neither torchvision nor torchaudio is installed here")
    apart = torch.tensor([[0.0, 0.0, 1.0, 1.0], [2.0, 2.0, 3.0, 3.0]])  # boxes, both of which stay
    for name in there:
        try:
            companion = importlib.import_module(name)
            kept = len(companion.ops.nms(apart, torch.ones(2), 0.5)) if name == "torchvision" else len(apart)
        except Exception as error:
            raise RuntimeError("{} does not belong to torch {}: {}".format(name, torch.__version__, error)) from error
        yield check("{} beside torch".format(name), abs(kept - len(apart)), 0, "wrong boxes")


def threads(stage: Stage) -> Iterator[Said]:
    """Whether torch's threads get the cores that they count on."""
    torch = stage.torch
    every, there, granted, share = torch.get_num_threads(), cores.allowed(), cores.granted(), cores.share()
    image, weight = torch.randn(1, 16, 64, 64), torch.randn(16, 16, 3, 3)
    seconds = []
    for count in (every, 1):
        torch.set_num_threads(count)
        seconds.append(quickest(lambda: torch.nn.functional.conv2d(image, weight)))
    torch.set_num_threads(every)
    yield check("{} threads against one".format(every), seconds[0] / seconds[1], None, "times the time")
    yield check("what a busy thread gets", share, None, "of a core", "higher")
    enough = max(1, int(min(there, granted or there)))
    if every > enough:
        of = (
            "the control group allows {:g}".format(granted)
            if granted and granted < there
            else "{} to use".format(there)
        )
        yield remark("{} threads, and of cores {}: export OMP_NUM_THREADS={}".format(every, of, enough))
    if share < CROWDED and not (granted and granted < 1):
        said = "other programs want the same cores: a busy thread gets {:.0f} % of one".format(100 * share)
        yield remark("{}, and every time that is measured here is longer for it".format(said))


def first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


def quickest(work: Callable[[], object]) -> float:
    times = []
    for _ in range(20):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def synchronize(stage: Stage) -> None:
    if stage.device.type in ("cuda", "xpu"):
        getattr(stage.torch, stage.device.type).synchronize()
    elif stage.device.type == "mps":
        stage.torch.mps.synchronize()


def relative(found: Any, expected: Any) -> Any:
    """The norm of the difference over that of `expected`."""
    return (found.detach().cpu().double() - expected).norm() / expected.norm()


RUNGS = {  # in the order of the climb; the slowest last
    "import-torch": import_torch,
    "device": device,
    "allocate": allocate,
    "kernel": kernel,
    "matmul": matmul,
    "convolution": convolution,
    "attention": attention,
    "autograd": autograd,
    "optimizer": optimizer,
    "copies": copies,
    "stream": stream,
    "data-loader": data_loader,
    "out-of-memory": out_of_memory,
    "companions": companions,
    "threads": threads,
    "compile": compile_function,
}
