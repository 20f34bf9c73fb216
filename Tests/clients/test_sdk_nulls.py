"""Clearing members through the SDK, which writes the Python name of a member that is set to None."""

from __future__ import annotations

import pytest
from msgraph_beta.generated.models.item_phone import ItemPhone
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError

import demo
from graph_client import StaticToken, graph_client, phone

pytestmark = pytest.mark.anyio


async def test_none_clears_a_member_of_one_word(graph):
    read = await phone(graph.me(), demo.PHONE).get()
    read.number = None
    after = await phone(graph.me(), demo.PHONE).patch(read)
    assert after.number is None
    assert after.display_name == "Car Phone"
    assert (await phone(graph.me(), demo.PHONE).get()).number is None


async def test_none_for_a_member_of_two_words_is_refused_by_name_and_changes_nothing(graph):
    read = await phone(graph.me(), demo.PHONE).get()
    read.display_name = None
    with pytest.raises(ODataError) as caught:
        await phone(graph.me(), demo.PHONE).patch(read)
    assert caught.value.response_status_code == 400
    assert caught.value.error.code == "RequestBodyRead"
    assert "displayName" in caught.value.error.message
    assert "--lenient-names" in caught.value.error.message
    again = await phone(graph.me(), demo.PHONE).get()
    assert again.display_name == "Car Phone"
    assert again.last_modified_date_time == read.last_modified_date_time


async def test_a_member_of_two_words_can_be_cleared_through_additional_data(graph):
    change = ItemPhone()
    change.additional_data = {"displayName": None}
    after = await phone(graph.me(), demo.PHONE).patch(change)
    assert after.display_name is None
    assert after.number == demo.NUMBER


async def test_none_clears_a_member_of_two_words_where_names_are_lenient(lenient_server):
    token = lenient_server.user_token("User.ReadWrite", demo.UPN)
    graph = graph_client(f"{lenient_server.http}/beta", StaticToken(token))
    read = await phone(graph.me(), demo.PHONE).get()
    read.display_name = None
    after = await phone(graph.me(), demo.PHONE).patch(read)
    assert after.display_name is None
    assert after.number == demo.NUMBER
    assert (await phone(graph.me(), demo.PHONE).get()).display_name is None
