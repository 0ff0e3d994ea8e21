"""Settings → Hours: what a chat's visitors read while they hold."""

from inbox.actions import hours
from inbox.actors import SYSTEM
from inbox.clock import FrozenClock
from inbox.envelopes import ChannelKind
from tests.builders import a_team
from tests.web.conftest import Person
from tests.web.endpoints.test_settings_channels import add
from web.installation import Installation


async def test_the_page_says_what_visitors_read_now_by_these_hours(
    ada: Person, installation: Installation, clock: FrozenClock
) -> None:
    async with installation.database.transaction() as session:
        team = await a_team(session, ada.agent)
    await add(installation, ChannelKind.WEBCHAT, "Site", default_team=team)
    await add(installation, ChannelKind.WEBCHAT, "Blog", settings={"expectation": "Soon, we promise"})
    of_workspace = (await ada.browser.get("/settings/hours")).text
    assert "Visitors of Site read now" in of_workspace
    assert "Visitors of Blog read now: “Soon, we promise”" in of_workspace

    opens = [[("00:00", "23:00")] if day == (clock().weekday() + 1) % 7 else [] for day in range(7)]
    async with installation.database.transaction() as session:
        await hours.set_hours(
            session, team, time_zone="UTC", week=opens, country="", region="", closed_days=[], by=SYSTEM
        )
    own = (await ada.browser.get(f"/settings/hours?team={team.public_id}")).text
    assert "Visitors of Site read now: “Back tomorrow at 00:00”" in own and "Blog" not in own
    assert "Visitors of Site" not in (await ada.browser.get("/settings/hours")).text
