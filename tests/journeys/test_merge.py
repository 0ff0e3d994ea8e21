"""Two customers are merged by an agent, go on writing, and are parted again: each has their own."""

from typing import Any

from tests.services.correspondence import INES, Mailbox, mail
from tests.services.server import RunningServer
from tests.services.smtp import SmtpSink

KIT = "Kit <kit@home.test>"


async def texts(server: RunningServer, conversation: str) -> list[str]:
    return [each["text"].strip() for each in await server.every(f"/conversations/{conversation}/messages")]


async def answer(server: RunningServer, conversation: str, text: str, strand: str) -> dict[str, Any]:
    body = {"text": text, "strand_id": strand}
    sent: dict[str, Any] = await server.api("POST", f"/conversations/{conversation}/messages", body)
    return sent


async def test_what_was_merged_and_went_on_is_parted_as_it_belongs(
    server: RunningServer, mailbox: Mailbox, smtp_sink: SmtpSink
) -> None:
    first = {"ines": mail(INES, "Lamp", "Ines 1"), "kit": mail(KIT, "Chair", "Kit 1")}
    homes = {name: await mailbox.take(message) for name, message in first.items()}
    before = {name: await server.api("GET", f"/conversations/{home}") for name, home in homes.items()}
    strands = {name: whole["strands"][0]["id"] for name, whole in before.items()}
    into = before["ines"]["customer_id"]

    merging = f"/customers/{before['kit']['customer_id']}/merge"
    merge = (await server.api("POST", merging, {"into_id": into}))["merge_id"]
    joined = await server.api("GET", f"/conversations/{homes['kit']}")
    assert joined["id"] == homes["ines"], "the old id does not lead to where the thread is now"
    assert sorted(case["subject"] for case in joined["cases"]) == ["Chair", "Lamp"]

    # Both go on: an answer to each, a mail and a new matter of each, and a note on Kit's case.
    for name, sender in (("ines", INES), ("kit", KIT)):
        sent = await answer(server, joined["id"], f"Answer to {name}", strands[name])
        references = (first[name]["Message-ID"], sent["external_id"])
        await mailbox.take(mail(sender, "Re:", f"{name.title()} 2", references=references))
        assert await mailbox.take(mail(sender, "Something else", f"{name.title()} 3")) == joined["id"]
    (kits,) = before["kit"]["cases"]
    await server.api(
        "POST", f"/conversations/{joined['id']}/notes", {"text": "Kit is a friend", "case": kits["number"]}
    )
    assert len(await texts(server, joined["id"])) == 8
    await smtp_sink.arrival(2)

    await server.api("POST", f"/merges/{merge}/undo")

    assert await texts(server, homes["ines"]) == ["Ines 1", "Answer to ines", "Ines 2", "Ines 3"]
    assert await texts(server, homes["kit"]) == ["Kit 1", "Answer to kit", "Kit 2", "Kit 3"]
    for name, home in homes.items():
        after = await server.api("GET", f"/conversations/{home}")
        assert after["customer_id"] == before[name]["customer_id"]
        numbers = {case["number"] for case in after["cases"]}
        assert before[name]["cases"][0]["number"] in numbers
        assert {strand["case_number"] for strand in after["strands"]} <= numbers
        in_first = [m for m in await server.every(f"/conversations/{home}/messages?case={min(numbers)}")]
        assert {m["strand_id"] for m in in_first[:3]} == {strands[name]}, "an answer left its strand"
    (note,) = (await server.api("GET", f"/cases/{kits['number']}/notes"))["items"]
    assert note["text"] == "Kit is a friend" and note["conversation_id"] == homes["kit"]
    for name, address in (("ines", "ines@norte.test"), ("kit", "kit@home.test")):
        customer = await server.api("GET", f"/customers/{before[name]['customer_id']}")
        assert [identity["address"] for identity in customer["identities"]] == [address]
    parted = [e for e in await server.every("/events?after=") if e["kind"] == "customer.unmerged"]
    assert len(parted) == 1
