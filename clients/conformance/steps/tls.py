"""Steps that end TLS before the server, and rotate certificates."""

from pathlib import Path
from typing import Literal

from clients.conformance.certificates import Certificates
from clients.conformance.stage import Stage
from clients.conformance.steps.base import Step, step

Kind = Literal["good", "renewed", "other_authority", "other_name", "expired"]


def _certificates(stage: Stage) -> Certificates:
    return Certificates(stage.folder / "tls")


@step("tls.serve")
class ServeTls(Step):
    """The proxy ends TLS with a certificate, for connections from now on.

    ${tls.ca} is the authority's file; ${tls.certificate} and ${tls.key} are a client's files, and ${tls.stranger} another
    authority's. client_required: clients show a certificate of the authority.
    """

    certificate: Kind = "good"
    client_required: bool = False

    async def run(self, stage: Stage) -> None:
        certificates = _certificates(stage)
        client: Path = certificates.certificate("client")
        stage.variables["tls"] = {
            "ca": str(certificates.authority()),
            "stranger": str(certificates.authority("stranger")),
            "certificate": str(client),
            "key": str(client.with_suffix(".key")),
        }
        stage.proxy.tls = certificates.server_context(self.certificate, client_required=self.client_required)


@step("tls.replace_client")
class ReplaceClientCertificate(Step):
    """Puts another certificate in the place of the client's files."""

    by: Literal["other_client", "renewed"]

    async def run(self, stage: Stage) -> None:
        _certificates(stage).replace("client", self.by)
