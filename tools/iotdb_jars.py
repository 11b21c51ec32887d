"""Downloads the jars of an IoTDB server into build/iotdb, and makes the command that runs one of its processes."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_HERE = _ROOT / "tools" / "iotdb"
_LIB = _ROOT / "build" / "iotdb" / "lib"
_CLASSES = _ROOT / "build" / "iotdb" / "classes"
_LAUNCHER = "LoopbackOnly"
_OPENED = ("java.util.concurrent", "java.lang", "java.util", "java.nio", "java.io", "java.net")


def fetch() -> None:
    """Download the jars with Maven and compile the launcher, unless they exist."""
    if not (_LIB / ".complete").exists():
        print(
            "Downloading IoTDB's jars with Maven; this takes some minutes and happens once …",
            file=sys.stderr,
            flush=True,
        )
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={_LIB}"]
        subprocess.run(["mvn", "-q", "-B", "-f", str(_HERE / "pom.xml"), *goal], check=True)
        (_LIB / ".complete").touch()
    source, made = _HERE / f"{_LAUNCHER}.java", _CLASSES / f"{_LAUNCHER}.class"
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        # Debian's headless runtime contains the compiler as a module, without the command javac.
        compiler = ["java", "-m", "jdk.compiler/com.sun.tools.javac.Main"]
        subprocess.run([*compiler, "-d", str(_CLASSES), str(source)], check=True)


def command(main: str, role: str, options: Sequence[str], home: Path) -> list[str]:
    """The command that runs a main class of IoTDB. role: the prefix of its properties. options: of the virtual machine. home: its
    folder, with `conf` in it."""
    conf = home / "conf"
    folders = [f"-D{role}_HOME={home}", f"-D{role}_CONF={conf}", f"-DTSFILE_HOME={home}", f"-DTSFILE_CONF={conf}"]
    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED]
    logging = f"-Dlogback.configurationFile={_HERE / 'logback.xml'}"
    network = "-Djava.net.preferIPv4Stack=true"
    java = ["java", *options, "-XX:+UseSerialGC", network, *opened, *folders, logging]
    return [*java, "-cp", f"{_CLASSES}:{_LIB}/*", _LAUNCHER, main, "-s"]


def properties() -> str:
    """The settings that all servers have."""
    return (_HERE / "iotdb-system.properties").read_text()
