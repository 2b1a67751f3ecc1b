"""The decision, over the facts as they are bundled. Expected builds come from the wheel index's own pages."""

from __future__ import annotations

import itertools

import pytest
from machines import ARC, GTX_1080, RTX_3090, RTX_5090, RX_7900, UBUNTU, linux, macos, windows
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from envtool.catalogue import Catalogue, Mirror
from envtool.errors import RequestInvalid
from envtool.facts import Driver, Gpu, Libc, Machine, OperatingSystem
from envtool.plan import (
    Assumptions,
    InstallPlan,
    Refusal,
    Request,
    argv,
    assume,
    choose,
    consider,
    parse_backend,
    parse_cuda,
    parse_mirror,
    parse_torch,
)

CATALOGUE = Catalogue()
INDEX = "https://download.pytorch.org/whl"
K80 = Gpu("nvidia", "Tesla K80", compute_capability=(3, 7))
V100 = Gpu("nvidia", "Tesla V100", compute_capability=(7, 0))
GB10 = Gpu("nvidia", "NVIDIA GB10", compute_capability=(12, 1))


def asked(
    torch: str | None = None,
    backend: str | None = None,
    *,
    companions: tuple[str, ...] | None = None,
    pre: bool = False,
    unconfirmed: bool = False,
    mirror: Mirror | None = None,
) -> Request:
    return Request(SpecifierSet(torch) if torch else None, backend, companions, pre, unconfirmed, mirror)


def plan(machine: Machine, request: Request | None = None) -> InstallPlan:
    answer = choose([machine], request or Request(), CATALOGUE)
    assert isinstance(answer, InstallPlan), answer
    return answer


def refusal(*machines: Machine, request: Request | None = None) -> Refusal:
    answer = choose(machines, request or Request(), CATALOGUE)
    assert isinstance(answer, Refusal), answer
    return answer


def pins(answer: InstallPlan) -> dict[str, str | None]:
    return dict(answer.packages)


class TestToTheLetter:
    def test_torch_1_12_with_cuda_11_6(self) -> None:
        answer = plan(linux("3.10.13", "525.105.17", RTX_3090), asked("==1.12.1", "cu116"))
        assert " ".join(argv(answer)) == (
            "pip install torch==1.12.1+cu116 torchvision==0.13.1+cu116"
            " --extra-index-url https://download.pytorch.org/whl/cu116"
        )

    def test_torch_1_8_with_cuda_10_1(self) -> None:
        card = Gpu("nvidia", "NVIDIA GeForce RTX 2080 Ti", compute_capability=(7, 5))
        answer = plan(linux("3.8.18", "535.183.01", card), asked("==1.8.1", "cu101"))
        assert " ".join(argv(answer)) == (
            "pip install torch==1.8.1+cu101 torchvision==0.9.1+cu101"
            " --extra-index-url https://download.pytorch.org/whl/cu101"
        )


class TestTheCard:
    def test_an_old_card_with_a_new_driver_gets_a_build_that_has_its_kernels(self) -> None:
        """CUDA 13 has none below 7.5: https://docs.nvidia.com/cuda/archive/13.0.0/cuda-toolkit-release-notes/."""
        answer = plan(linux("3.12.7", "580.95.05", GTX_1080))
        assert answer.backend == "cu126"
        assert any("cu132 has no kernels for the NVIDIA GeForce GTX 1080 (6.1)" in reason for reason in answer.reasons)

    def test_volta_is_served_by_cu126_though_the_driver_has_cuda_13(self) -> None:
        assert plan(linux("3.12.7", "580.95.05", V100)).backend == "cu126"

    def test_a_new_card_with_a_new_driver_gets_the_newest(self) -> None:
        answer = plan(linux("3.13.2", "595.71.05", RTX_5090))
        assert (pins(answer)["torch"], answer.source) == ("2.15.0", None)

    def test_kepler_stays_below_torch_2_4(self) -> None:
        assert pins(plan(linux("3.12.7", "470.256.02", K80)))["torch"] == "2.3.1+cu118"

    def test_a_cubin_serves_the_later_minor_of_its_major(self) -> None:
        assert plan(linux("3.12.7", "580.95.05", GB10, arch="aarch64", glibc="2.39")).confirmed

    def test_every_card_of_the_machine_counts(self) -> None:
        answer = refusal(linux("3.12.7", "580.95.05", GTX_1080, RTX_5090))
        assert any("RTX 5090" in reason for reason in answer.reasons)
        assert any("GTX 1080" in reason for reason in answer.reasons)
        alone = {way.change: way.plan.backend for way in answer.nearest if way.plan}
        assert alone["the NVIDIA GeForce GTX 1080 (6.1) alone (CUDA_VISIBLE_DEVICES)"] == "cu126"
        assert alone["the NVIDIA GeForce RTX 5090 (12.0) alone (CUDA_VISIBLE_DEVICES)"] == "cu132"

    def test_ptx_is_used_only_from_the_toolkits_own_driver_on(self) -> None:
        """torch 1.8.1+cu101 for Windows holds 3.7 as PTX; CUDA 10.1 came with driver 418.96."""
        request = asked("==1.8.1", "cu101")
        answer = plan(windows("3.8.18", "460.89", RTX_3090), request)
        assert any("only PTX" in warning for warning in answer.warnings)
        assert "cu101 has no kernels" in refusal(linux("3.8.18", "460.32.03", RTX_3090), request=request).reasons[0]

    def test_a_card_of_unknown_capability_is_no_reason_to_guess(self) -> None:
        answer = refusal(linux("3.12.7", "580.95.05", Gpu("nvidia", None, pci_id="10de:ffff")))
        assert any(
            "compute capability of the NVIDIA card 10de:ffff is not known" in reason for reason in answer.reasons
        )


class TestTheDriver:
    @pytest.mark.parametrize(
        ("backend", "floor", "below"),
        [
            ("cu130", "580.65.06", "575.57.08"),
            ("cu121", "525.60.13", "525.60.11"),
            ("cu118", "450.80.02", "450.80.01"),
            ("cu110", "450.51.06", "450.36.05"),
            ("cu102", "440.33.01", "440.31"),
        ],
    )
    def test_the_floors_of_minor_version_compatibility_on_linux(self, backend: str, floor: str, below: str) -> None:
        """https://docs.nvidia.com/deploy/cuda-compatibility/: 12.x from 525.60.13, 11.x from 450.80.02."""
        card = Gpu("nvidia", "Tesla T4", compute_capability=(7, 5))
        python = "3.12.7" if backend == "cu130" else "3.8.18"
        assert plan(linux(python, floor, card), asked(backend=backend)).backend == backend
        assert (
            f"driver {below} is below" in refusal(linux(python, below, card), request=asked(backend=backend)).reasons[0]
        )

    def test_cuda_that_the_driver_has_goes_before_cuda_that_it_can_run(self) -> None:
        """Driver 525.60.13 came with CUDA 12.0, and runs 12.1 by minor-version compatibility."""
        assert plan(linux("3.8.18", "525.60.13", RTX_3090)).backend == "cu118"
        assert plan(linux("3.8.18", "535.183.01", RTX_3090)).backend == "cu121"

    def test_windows_has_its_own_floor(self) -> None:
        assert plan(windows("3.10.13", "528.33", RTX_3090)).backend.startswith("cu12")
        assert plan(windows("3.10.13", "527.56", RTX_3090)).backend == "cu118"

    def test_wsl_counts_in_windows_numbers_and_takes_linux_wheels(self) -> None:
        wsl = OperatingSystem("Linux", "ubuntu", "22.04", wsl=True)
        assert plan(linux("3.10.13", "527.56", RTX_3090, os=wsl)).backend == "cu118"
        assert plan(linux("3.10.13", "527.56", RTX_3090)).backend.startswith("cu12")

    def test_a_card_without_a_driver_is_told_which_one_it_needs(self) -> None:
        answer = refusal(linux("3.12.7", None, RTX_3090))
        assert any("no NVIDIA driver is loaded" in reason for reason in answer.reasons)
        assert answer.nearest[0].change == "driver 580 or newer"

    def test_a_newer_driver_is_not_advised_to_a_card_that_it_has_left_behind(self) -> None:
        answer = refusal(linux("3.12.7", "440.33.01", K80), request=asked(">=2.4"))
        assert not any(way.change.startswith("driver 5") for way in answer.nearest)

    def test_a_driver_without_a_card_gets_the_cpu_build_and_a_word(self) -> None:
        machine = linux("3.12.7")._replace(driver=Driver("nvidia", "550.54.15"))
        answer = plan(machine)
        assert answer.backend == "cpu"
        assert any("driver 550.54.15 is loaded but no card answers" in warning for warning in answer.warnings)

    def test_kernel_and_libraries_that_differ_call_for_a_reboot(self) -> None:
        machine = linux("3.12.7", "580.95.05", RTX_3090)._replace(driver=Driver("nvidia", "580.95.05", "580.65.06"))
        assert any("reboot" in warning for warning in plan(machine).warnings)

    def test_hidden_cards_are_planned_for_and_said(self) -> None:
        machine = linux("3.12.7", "580.95.05", RTX_3090)._replace(environment=(("CUDA_VISIBLE_DEVICES", ""),))
        answer = plan(machine)
        assert answer.backend.startswith("cu")
        assert any("CUDA_VISIBLE_DEVICES='' hides every NVIDIA card" in warning for warning in answer.warnings)


class TestNoGpu:
    def test_linux_takes_the_cpu_index_for_the_registrys_build_drags_in_cuda(self) -> None:
        answer = plan(linux("3.12.7"))
        assert answer.source is not None
        assert (answer.backend, answer.source.url) == ("cpu", f"{INDEX}/cpu")

    @pytest.mark.parametrize("machine", [windows(), macos()])
    def test_windows_and_macos_take_the_registry(self, machine: Machine) -> None:
        answer = plan(machine)
        assert (answer.backend, answer.source) == ("cpu", None)

    def test_unknown_is_not_absent(self) -> None:
        answer = refusal(linux("3.12.7")._replace(gpus=None))
        assert "could not be learnt" in answer.reasons[0]
        assert [way.change for way in answer.nearest][:1] == ["say which card it has: --gpu NAME (or --gpu none)"]

    def test_unknown_cards_do_not_stand_in_the_way_of_a_cpu_build_that_is_asked_for(self) -> None:
        assert plan(linux("3.12.7")._replace(gpus=None), asked(backend="cpu")).backend == "cpu"

    def test_no_cpu_build_in_silence(self) -> None:
        answer = refusal(linux("3.12.7", "390.157", GTX_1080))
        assert [way.change for way in answer.nearest][-1] == "a CPU build: --backend cpu"

    def test_a_cuda_build_for_a_machine_without_a_card_is_shown_as_a_way_out(self) -> None:
        answer = refusal(linux("3.10.13"), request=asked("==1.12.1", "cu116"))
        way = answer.nearest[0]
        assert way.change == "on a machine with a card for cu116"
        assert way.plan
        assert way.plan.requirements == ("torch==1.12.1+cu116", "torchvision==0.13.1+cu116")


class TestOtherMakers:
    def test_amd(self) -> None:
        assert plan(linux("3.12.7", None, RX_7900)).backend.startswith("rocm")

    def test_an_amd_card_without_kernels_is_refused(self) -> None:
        answer = refusal(linux("3.12.7", None, Gpu("amd", "Radeon RX 580", architecture="gfx803")))
        assert any("has no kernels for the Radeon RX 580 (gfx803)" in reason for reason in answer.reasons)

    def test_intel(self) -> None:
        assert plan(linux("3.12.7", None, ARC)).backend == "xpu"

    def test_nvidia_is_served_first_and_the_idle_card_is_said(self) -> None:
        answer = plan(linux("3.12.7", "570.124.06", RTX_3090, ARC))
        assert answer.backend.startswith("cu")
        assert any("Intel Arc A770 (xe) stays idle" in warning for warning in answer.warnings)


class TestThePlatform:
    def test_centos_7_stays_with_the_last_builds_for_glibc_2_17(self) -> None:
        assert pins(plan(linux("3.11.7", "535.183.01", RTX_3090, glibc="2.17")))["torch"] == "2.6.0+cu118"

    def test_musl_is_refused(self) -> None:
        answer = refusal(linux()._replace(libc=Libc("musl", "1.2.4")))
        assert "needs glibc, this machine has musl" in answer.reasons[0]

    def test_macos_floor(self) -> None:
        assert pins(plan(macos(version="13.6")))["torch"] == "2.11.0"

    def test_intel_macs_end_at_2_2_2(self) -> None:
        assert pins(plan(macos("3.12.7", arch="x86_64")))["torch"] == "2.2.2"
        assert [way.change for way in refusal(macos("3.13.2", arch="x86_64")).nearest] == ["Python 3.12"]

    def test_systems_without_wheels(self) -> None:
        freebsd = linux()._replace(os=OperatingSystem("FreeBSD"), libc=None)
        assert refusal(freebsd).reasons == ("no wheel for FreeBSD on x86_64",)

    def test_other_implementations(self) -> None:
        machine = linux("3.10.13")
        pypy = machine._replace(python=machine.python._replace(implementation="pypy"))
        answer = refusal(pypy)
        assert "only for CPython" in answer.reasons[0]
        assert answer.nearest[0].change == "Python 3.10"

    def test_free_threaded(self) -> None:
        machine = linux("3.13.2", "580.95.05", RTX_3090)
        bare = machine._replace(python=machine.python._replace(free_threaded=True))
        assert pins(plan(bare))["torch"] == "2.12.0"

    def test_jetson_is_sent_elsewhere(self) -> None:
        orin = Gpu("nvidia", "Orin (nvgpu)", compute_capability=(8, 7))
        jetson = linux("3.10.12", "540.4.0", orin, arch="aarch64", os=UBUNTU._replace(jetson_l4t="36.4.3"))
        assert "not for Jetson (L4T 36.4.3)" in refusal(jetson).reasons[0]

    def test_an_untagged_build_of_a_cuda_folder_is_asked_for_as_it_is_named(self) -> None:
        """torch 2.5.1 in the cu124 folder for aarch64 has no local tag."""
        gh200 = Gpu("nvidia", "GH200", compute_capability=(9, 0))
        answer = plan(linux("3.12.7", "570.124.06", gh200, arch="aarch64"), asked("==2.5.1"))
        assert answer.source
        assert (pins(answer)["torch"], answer.source.url) == ("2.5.1", f"{INDEX}/cu124")


class TestRequests:
    def test_a_wheel_that_was_seen_goes_before_a_newer_one_that_was_not(self) -> None:
        answer = plan(linux("3.12.7", "580.95.05", GTX_1080))
        newer = plan(linux("3.12.7", "580.95.05", GTX_1080), asked(unconfirmed=True))
        assert answer.confirmed
        assert not newer.confirmed
        assert Version(str(pins(newer)["torch"])) > Version(str(pins(answer)["torch"]))
        assert any("--unconfirmed takes it" in reason for reason in answer.reasons)
        assert any("no one has seen this wheel" in warning for warning in newer.warnings)

    def test_an_inferred_wheel_is_offered_where_nothing_else_is_legal(self) -> None:
        answer = plan(windows("3.12.7", None, ARC), asked("==2.14.1"))
        assert not answer.confirmed

    def test_companions_must_exist_when_they_are_asked_for(self) -> None:
        """torchaudio ends with 2.11.0, which was not built for CUDA 13.2."""
        machine = windows("3.11.7", "595.79", RTX_3090)
        assert plan(machine).backend == "cu132"
        answer = plan(machine, asked(companions=("torchaudio",)))
        assert answer.backend != "cu132"
        assert pins(answer)["torchaudio"] == f"2.11.0+{answer.backend}"

    def test_torchaudio_had_no_tag_before_2_0(self) -> None:
        answer = plan(linux("3.10.13", "525.105.17", RTX_3090), asked("==1.12.1", "cu116", companions=("torchaudio",)))
        assert pins(answer) == {"torch": "1.12.1+cu116", "torchaudio": "0.12.1"}

    def test_a_version_nobody_knows(self) -> None:
        answer = refusal(linux("3.12.7", "580.95.05", RTX_3090), request=asked("==9.9"))
        assert answer.reasons == ("no torch that is known matches ==9.9: the newest is 2.15.0",)

    def test_a_backend_that_was_not_built_for_that_version(self) -> None:
        answer = refusal(linux("3.12.7", "580.95.05", RTX_3090), request=asked("==2.4.1", "cu126"))
        assert answer.reasons == ("cu126 was not built (torch 2.4.1)",)
        assert [way.change for way in answer.nearest][:1] == ["torch 2.4.1 with cu124"]

    def test_nightly(self) -> None:
        answer = plan(linux("3.12.7", "580.95.05", RTX_3090), asked(pre=True))
        assert argv(answer)[1:] == (
            "install", "--pre", "torch", "torchvision", "--index-url", f"{INDEX}/nightly/cu130"
        )  # fmt: skip
        assert not answer.confirmed

    def test_a_nightly_has_no_version(self) -> None:
        with pytest.raises(RequestInvalid, match="leave out --torch"):
            choose([linux()], asked("==2.6.0", pre=True), CATALOGUE)

    def test_from_2_0_on_the_index_is_the_only_one(self) -> None:
        machine = linux("3.10.13", "525.105.17", RTX_3090)
        options = {
            version: answer.source.option
            for version in ("1.13.1", "2.0.0")
            if (answer := plan(machine, asked(f"=={version}"))).source
        }
        assert options == {"1.13.1": "--extra-index-url", "2.0.0": "--index-url"}


class TestSeveralMachines:
    def test_one_build_for_all(self) -> None:
        old, new = linux("3.12.7", "525.125.06", RTX_3090), linux("3.12.7", "580.95.05", RTX_3090)
        answer = choose([old, new], Request(), CATALOGUE)
        assert isinstance(answer, InstallPlan)
        assert answer.requirements == plan(old).requirements

    def test_the_odd_one_out_is_named(self) -> None:
        answer = refusal(linux("3.12.7", "580.95.05", GTX_1080), linux("3.12.7", "580.95.05", RTX_5090))
        changes = [way.change for way in answer.nearest]
        assert "without machine 1 (Linux, cp312, NVIDIA GeForce GTX 1080 (6.1))" in changes
        assert "without machine 2 (Linux, cp312, NVIDIA GeForce RTX 5090 (12.0))" in changes


class TestMirrors:
    def test_a_flat_listing_takes_find_links(self) -> None:
        request = asked("==2.6.0", mirror=parse_mirror("aliyun", CATALOGUE.mirrors))
        answer = plan(linux("3.12.7", "580.95.05", RTX_3090), request)
        assert argv(answer)[-2:] == ("-f", "https://mirrors.aliyun.com/pytorch-wheels/cu126")

    def test_a_simple_index_takes_index_url(self) -> None:
        request = asked("==2.6.0", mirror=parse_mirror("https://mirror.example/whl/", CATALOGUE.mirrors))
        answer = plan(linux("3.12.7", "580.95.05", RTX_3090), request)
        assert argv(answer)[-2:] == ("--index-url", "https://mirror.example/whl/cu126")

    def test_the_registrys_build_is_not_on_it(self) -> None:
        request = asked(mirror=parse_mirror("nju", CATALOGUE.mirrors))
        answer = plan(linux("3.13.2", "595.71.05", RTX_5090), request)
        assert answer.source is None
        assert any("the mirror plays no part" in warning for warning in answer.warnings)

    def test_neither_name_nor_address(self) -> None:
        with pytest.raises(RequestInvalid, match="aliyun, nju, sjtu"):
            parse_mirror("tuna", CATALOGUE.mirrors)


class TestReadingOfRequests:
    def test_a_version_may_name_its_backend(self) -> None:
        assert parse_torch("1.12.1+cu116") == (SpecifierSet("==1.12.1"), "cu116")
        assert parse_torch(">=2.4,<2.8") == (SpecifierSet(">=2.4,<2.8"), None)

    @pytest.mark.parametrize("text", ["=>2", "latest", "2.x.y", ""])
    def test_no_version(self, text: str) -> None:
        with pytest.raises(RequestInvalid, match="neither a torch version nor a specifier"):
            parse_torch(text)

    def test_backends(self) -> None:
        assert [parse_backend(text) for text in ("auto", "CPU", "cu126", "rocm6.2.4", "xpu")] == [
            None, "cpu", "cu126", "rocm6.2.4", "xpu",
        ]  # fmt: skip
        assert parse_cuda("11.6") == "cu116"
        assert parse_cuda("12.6.3") == "cu126"

    @pytest.mark.parametrize("text", ["cuda", "gpu", "cu1", "rocm", "$(reboot)"])
    def test_no_backend(self, text: str) -> None:
        with pytest.raises(RequestInvalid, match="is no backend"):
            parse_backend(text)

    @pytest.mark.parametrize("text", ["12", "cu126", "a.b"])
    def test_no_cuda(self, text: str) -> None:
        with pytest.raises(RequestInvalid, match="is no CUDA version"):
            parse_cuda(text)


class TestAssumptions:
    def test_a_machine_that_is_not_here(self) -> None:
        said = Assumptions(os="windows", python="3.11", gpus=("RTX 4070",), driver="560.94")
        machine = assume(linux(), said, CATALOGUE)
        assert (machine.os.system, machine.arch, machine.libc) == ("Windows", "AMD64", None)
        assert machine.python.tag == "cp311"
        assert machine.gpus == (Gpu("nvidia", "NVIDIA GeForce RTX 4070", compute_capability=(8, 9)),)
        assert machine.driver == Driver("nvidia", "560.94")

    def test_an_assumed_driver_is_one_that_the_card_still_gets(self) -> None:
        drivers = {
            name: assume(linux(), Assumptions(gpus=(name,)), CATALOGUE).driver for name in ("K80", "GTX 1080", "H100")
        }
        majors = {name: driver and driver.version and driver.version.split(".")[0] for name, driver in drivers.items()}
        assert majors == {"K80": "470", "GTX 1080": "580", "H100": "595"}

    @pytest.mark.parametrize(
        ("said", "message"),
        [
            (Assumptions(gpus=("Voodoo 2",)), "no card that is known"),
            (Assumptions(gpus=("GT 730",)), "may be one of several chips"),
            (Assumptions(driver="new"), "no driver version"),
            (Assumptions(python="python3"), "no Python version"),
        ],
    )
    def test_what_makes_no_sense(self, said: Assumptions, message: str) -> None:
        with pytest.raises(RequestInvalid, match=message):
            assume(linux(), said, CATALOGUE)


def test_every_build_that_is_known_is_considered_once() -> None:
    rows = consider(linux("3.12.7", "580.95.05", GTX_1080), Request(), CATALOGUE)
    assert len(rows) == len(CATALOGUE.builds)
    legal = [row for row in rows if not row.obstacles]
    assert {row.backend for row in legal if row.torch.startswith("2.13.0")} == {"cu126"}


CARDS = (
    (), (K80,), (GTX_1080,), (V100,), (RTX_3090,), (RTX_5090,), (GTX_1080, RTX_3090), (RX_7900,), (ARC,),
)  # fmt: skip
DRIVERS = ("418.87.01", "525.60.13", "595.71.05")
PYTHONS = ("3.6.15", "3.11.7", "3.15.0")


@pytest.mark.parametrize(("cards", "driver", "python"), list(itertools.product(CARDS, DRIVERS, PYTHONS)))
def test_invariants(cards: tuple[Gpu, ...], driver: str, python: str) -> None:
    """Whatever the machine: an answer with its reason, and no CPU build where there is a card."""
    for machine in (linux(python, driver, *cards), windows(python, driver, *cards)):
        answer = choose([machine], Request(), CATALOGUE)
        assert answer.reasons
        if isinstance(answer, InstallPlan):
            assert (answer.backend == "cpu") == (not cards)
            assert answer.packages[0][0] == "torch"
        else:
            ways = [way.plan for way in answer.nearest if way.plan]
            assert all(way.packages[0][1] for way in ways)
