"""Facet's peers, each as a separate process with its own files, independent of the machine's configuration."""

import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .people import Directory
from .processes import Process, accepts_connections, free_port

PEERS = Path(__file__).resolve().parent.parent / "peers"
VIRTUAL_ENVIRONMENT = PEERS.parent.parent / ".venv-bench"
# The configuration with which 389 Directory Server is installed, as templates.
DIRSRV = Path("/usr/share/dirsrv/data")
SUFFIX = "dc=contoso,dc=example"
# Each server writes these fields itself.
OWN_FIELDS = {"content-type", "content-length", "date", "connection", "server"}


class FixedAnswer:
    """One response of Facet, which peers return to every request."""

    def __init__(self, fields: list[tuple[str, str]], body: bytes) -> None:
        self.fields, self.body = fields, body.decode()

    def fields_beside(self, own: set[str]) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self.fields if name.lower() not in own]

    @property
    def content_type(self) -> str:
        return next(value for name, value in self.fields if name.lower() == "content-type")


class RawNIO(Process):
    """SwiftNIO alone, with a fixed response."""

    def __init__(self, binary: Path, answer: FixedAnswer, folder: Path) -> None:
        file, ready = folder / "answer.txt", folder / "rawnio.port"
        lines = [f"{name}: {value}" for name, value in answer.fields_beside({"connection"})]
        file.write_text("\n".join(lines) + "\n\n" + answer.body)
        super().__init__("RawNIO", [binary, file, ready], folder)
        self.wait_until(ready.exists)
        self.address = f"http://127.0.0.1:{ready.read_text().strip()}"


class Nginx(Process):
    """nginx with the same response in its configuration, so that it reads no file."""

    def __init__(self, answer: FixedAnswer, folder: Path) -> None:
        port = free_port()
        fields = answer.fields_beside(OWN_FIELDS)
        _fill_in("nginx.conf", folder, {
            "port": port, "content-type": _quoted(answer.content_type),
            "headers": "\n".join(f"    add_header {name} {_quoted(value)};" for name, value in fields),
            "body": _quoted(answer.body)[1:-1],
        })
        command = [program("nginx"), "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]
        super().__init__("nginx", command, folder)
        self.wait_until(lambda: accepts_connections(port))
        self.address = f"http://127.0.0.1:{port}"


class OpenLDAP(Process):
    """slapd with one entry for each of Facet's items, each with a telephone number."""

    def __init__(self, entries: int, folder: Path) -> None:
        self.port, self.entries = free_port(), entries
        # Debian confines the installed slapd to the system's directories; a copy can use this folder.
        binary = shutil.copy(program("slapd"), folder / "slapd")
        (folder / "mdb").mkdir()
        _fill_in("slapd.conf", folder, {"schema": "/etc/ldap/schema", "modules": "/usr/lib/ldap", "folder": folder})
        (folder / "people.ldif").write_text("\n".join(_ldif(entries)))
        configuration = ["-f", folder / "slapd.conf"]
        subprocess.run(
            [binary, "-Tadd", "-q", *configuration, "-l", folder / "people.ldif"], check=True, capture_output=True)
        # `-d` keeps slapd in the foreground, even with debug level 0.
        command = [binary, *configuration, "-h", f"ldap://127.0.0.1:{self.port}/", "-d", "0"]
        super().__init__("slapd", command, folder)
        self.wait_until(lambda: accepts_connections(self.port))
        self.client = compile_ldap_load(folder)


class DirectoryServer389(Process):
    """389 Directory Server with the same entries, configured by the templates of its package, without `dscreate`, which
    would write to the system's directories."""

    def __init__(self, entries: int, folder: Path) -> None:
        self.port, self.entries = free_port(), entries
        configuration = folder / "config"
        for name in ("config/schema", "database", "files"):
            (folder / name).mkdir(parents=True)
        (configuration / "dse.ldif").write_text(self._configuration(folder))
        shutil.copy("/etc/dirsrv/config/slapd-collations.conf", configuration)
        shutil.copy("/etc/dirsrv/schema/99user.ldif", configuration / "schema")
        (folder / "people.ldif").write_text("\n".join(_ldif(entries)))
        binary = program("ns-slapd")
        subprocess.run(
            [binary, "ldif2db", "-D", configuration, "-n", "people", "-i", folder / "people.ldif"], check=True,
            capture_output=True)
        # `-d` keeps the server in the foreground, even with debug level 0.
        command = [binary, "-D", configuration, "-i", folder / "pid", "-d", "0"]
        super().__init__("ns-slapd", command, folder)
        self.wait_until(lambda: accepts_connections(self.port))
        self.client = compile_ldap_load(folder)

    def _configuration(self, folder: Path) -> str:
        """Fills in the templates. Their defaults stay: each write is flushed before it is answered. Beside those, the
        server listens on loopback only, writes no log of accesses, and does not hash the administrator's password."""
        templates = [(DIRSRV / name).read_text() for name in ("template-dse.ldif", "template-suffix-db.ldif")]
        files = folder / "files"
        values = {
            "config_dir": folder / "config", "schema_dir": folder / "config/schema", "cert_dir": folder / "config",
            "db_dir": folder / "database", "db_home_dir": folder / "database", "db_lib": "bdb", "ldapi": files / "ldapi",
            "ldapi_enabled": "off", "ldapi_autobind": "off", "fqdn": "localhost", "ds_port": self.port,
            "ds_user": pwd.getpwuid(os.geteuid()).pw_name, "rootdn": f"cn=admin,{SUFFIX}", "ds_passwd": "{CLEAR}secret",
            "ds_suffix": SUFFIX, "ds_bename": "people",
        } | {f"{name}_dir": files for name in ("lock", "tmp", "ldif", "bak", "run", "inst", "log")}
        own = "nsslapd-listenhost: 127.0.0.1\nnsslapd-accesslog-logging-enabled: off\nnsslapd-rootpwstoragescheme: CLEAR\n"
        text = re.sub(r"%(\w+)%", lambda word: str(values[word[1]]), "\n\n".join(templates))
        # An entry may not begin with a comment, nor follow more than one empty line.
        text = re.sub(r"\n{3,}", "\n\n", re.sub(r"(?m)^#.*\n", "", text))
        return text.replace("nsslapd-localhost:", own + "nsslapd-localhost:", 1)


class FastAPI(Process):
    """The people API in Python with the same people, and one worker per core."""

    def __init__(self, keys: bytes, directory: Directory, folder: Path) -> None:
        port, people, keys_file = free_port(), folder / "people.ndjson", folder / "keys.json"
        keys_file.write_bytes(keys)
        people.write_text("".join(directory.lines()))
        environment = {"DATABASE": str(folder / "people.db"), "KEYS": str(keys_file)}
        python = VIRTUAL_ENVIRONMENT / "bin/python"
        subprocess.run(
            [python, "-B", PEERS / "people_api.py", people], check=True, env=os.environ | environment)
        command = [
            python, "-B", "-m", "uvicorn", "people_api:app", "--app-dir", PEERS, "--workers", os.cpu_count(),
            "--host", "127.0.0.1", "--port", port, "--log-level", "warning", "--no-access-log"]
        super().__init__("FastAPI", command, folder, environment)
        self.wait_until(lambda: accepts_connections(port))
        self.address = f"http://127.0.0.1:{port}"


def compile_ldap_load(folder: Path) -> Path:
    """Compiles the load generator for LDAP."""
    client = folder / "ldap_load"
    subprocess.run([compiler(), "-O2", "-o", client, PEERS / "ldap_load.c"], check=True)
    return client


def compiler() -> str:
    """Finds a C compiler: the system's `cc`, or else the clang that comes with Swift."""
    return shutil.which("cc") or program("clang")


def program(name: str) -> str:
    """Finds a program, also in the directories for server programs, which are often not in PATH."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    return found or sys.exit(f"{name} is missing. `make bench` installs what it can.")


def _fill_in(name: str, folder: Path, values: dict) -> None:
    text = (PEERS / name).read_text()
    for word, value in values.items():
        text = text.replace(f"<{word}>", str(value))
    (folder / name).write_text(text)


def _quoted(text: str) -> str:
    """Quotes a text for nginx's configuration, where a dollar sign would start a variable."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("$", "${dollar}") + "'"


def _ldif(entries: int) -> list[str]:
    """Returns the LDIF of the tree: its root, a branch, and people with about as much data as an item."""
    lines = [
        "dn: dc=contoso,dc=example", "objectClass: dcObject", "objectClass: organization", "o: Contoso", "dc: contoso",
        "",
        "dn: ou=people,dc=contoso,dc=example", "objectClass: organizationalUnit", "ou: people", ""]
    for number in range(entries):
        lines += [
            f"dn: uid=person{number},ou=people,dc=contoso,dc=example", "objectClass: inetOrgPerson",
            f"uid: person{number}", f"cn: Innocenty Popov {number}", "sn: Popov", "givenName: Innocenty",
            "displayName: Innocenty Popov", f"mail: person{number}@contoso.example", "title: Field Engineer",
            "departmentNumber: Operations", "l: Moscow", "telephoneNumber: +7 499 234 56 78", ""]
    return lines
