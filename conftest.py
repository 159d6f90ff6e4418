"""Green means tested: on the machine that must have everything, a test that is left out fails.

Also the environment of tests and kernels, wherever pytest was started: `D2L_DATA`, and threads.
"""

import os
import platform
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
# Here both frameworks, a browser and MNIST can be had, and the committed digits are reproduced.
MACHINE = (platform.system(), platform.machine())
MUST_HAVE_ALL = os.environ.get("CI") == "true" and MACHINE == ("Linux", "x86_64")


def pytest_configure(config):
    """Tests and kernels run in folders of their own: they all get an absolute `D2L_DATA`.

    Where it names nothing, MNIST may lie in a folder beside the project's, or beside that one.
    """
    if MUST_HAVE_ALL:  # a file that is left out stops no other
        config.option.continue_on_collection_errors = True
    # Threads that wait sleep. Where other work runs too, spinning ones take the processor from
    # those that they wait for: a small network then trained ten times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    place = os.environ.get("D2L_DATA")
    if place and place != "embedded":
        folder = config.invocation_params.dir / Path(place).expanduser()
        os.environ["D2L_DATA"] = str(folder.resolve())
    elif not place:
        for shared in (ROOT.parent / "shared/data", ROOT.parent.parent / "shared/data"):
            if (shared / "mnist").is_dir():
                os.environ["D2L_DATA"] = str(shared)
                break


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that was skipped, alone or by its mark."""
    return _red((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """A file that was skipped as a whole, by `pytest.importorskip`."""
    return _red((yield))


def _red(report):
    if MUST_HAVE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        where, line, reason = report.longrepr
        report.outcome = "failed"
        report.longrepr = (
            f"{where}:{line}: {reason}\nIn CI on Linux nothing is left out (CI=true is set): "
            "install what the test needs; without CI it would be skipped."
        )
    return report
