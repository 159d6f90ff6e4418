"""Green means tested: on the machine that must have everything, a test that is left out fails.

Also: `D2L_DATA`, wherever pytest was started.
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
