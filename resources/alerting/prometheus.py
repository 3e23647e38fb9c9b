"""What is wrong, as metrics: a file for node_exporter's textfile collector, or a push to a Pushgateway."""

from collections.abc import Callable
from pathlib import Path

from pipelines.errors import TargetError
from resources.alerting.ends import LIMIT_S
from resources.archive import replace_file

_JOB = "metrics/job/netcensus"
_DONE = 2  # of the status codes 2xx


def to_textfile(path: str) -> Callable[[str], None]:
    """Writes the metrics to a file, whole or not at all, and only when they changed (rule R9)."""

    def write(metrics: str) -> None:
        place, content = Path(path), metrics.encode()
        try:
            if not place.exists() or place.read_bytes() != content:
                replace_file(place, content)
        except OSError as error:
            fault = f"cannot be written ({error.strerror})"
            raise TargetError(path, fault, "Check [alerts] textfile and who may write there") from None

    return write


def to_pushgateway(url: str) -> Callable[[str], None]:
    """Puts the metrics in place of what the Pushgateway has of the job netcensus."""

    def push(metrics: str) -> None:
        import requests  # noqa: PLC0415 - 5 MB and 35 ms for every run, and only this needs it

        try:
            answer = requests.put(f"{url.rstrip('/')}/{_JOB}", data=metrics.encode(), timeout=LIMIT_S)
        except requests.RequestException as error:
            raise _failed(url, type(error).__name__) from None
        if answer.status_code // 100 != _DONE:
            raise _failed(url, f"HTTP {answer.status_code}")

    return push


def _failed(url: str, fault: str) -> TargetError:
    return TargetError(f"Pushgateway {url}", f"takes no metrics ({fault})", "Check [alerts] pushgateway")
