"""The names of devices: the rule of the contract for registration and renaming, and the rule for levels of topics, agree."""

from hypothesis import given
from hypothesis import strategies as st

from iotflow.topic_names import level_problem, text_problem
from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow.v1.fleet_service_pb2 import UpdateDeviceRequest
from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.validation import check

MOST_CHARACTERS = 100
# Single characters that one of the rules treats specially, beside any others.
NAMES = st.text(st.sampled_from("/+#07 a٣é\t\x00\x1f\x7f") | st.characters(exclude_categories=["Cs"]), max_size=102)


def problems(name: str) -> list[str]:
    """What the contract has against the name, at registration and at renaming."""
    found = []
    for request in (RegisterDeviceRequest(name=name), UpdateDeviceRequest(device_id=1, name=name)):
        try:
            check(request)
        except InvalidArgument as error:
            found.append(error.message)
        else:
            found.append("")
    return found


@given(NAMES)
def test_registration_and_renaming_have_one_rule(name: str) -> None:
    at_registration, at_renaming = problems(name)
    assert at_registration == at_renaming


@given(NAMES)
def test_a_name_that_topics_can_have_is_allowed_by_the_contract(name: str) -> None:
    is_usable = not (level_problem(name) or text_problem(name))
    if is_usable and name.strip(" ") and len(name) <= MOST_CHARACTERS:
        assert problems(name)[0] == ""


@given(NAMES)
def test_only_a_character_can_speak_against_a_name_that_the_contract_allows(name: str) -> None:
    """The rule about control characters beyond ASCII and about invisible characters is the server's alone."""
    if problems(name)[0] == "":
        assert level_problem(name).startswith("has the character") or level_problem(name) == ""
