"""Before the demo serves: its company and its past, made once."""

from inbox.config import Settings
from inbox.queries import installations
from web.demo.company import found_company
from web.demo.player import play
from web.demo.story import story
from web.installation import open_installation


async def open_demo(settings: Settings) -> None:
    """Found the company and play its past, unless that was done by an earlier demo in the same folder."""
    async with open_installation(settings) as installation:
        async with installation.database.reading() as session:
            if await installations.has_agent(session):
                return
        company = await found_company(installation)
        await play(installation, company, story().past)
