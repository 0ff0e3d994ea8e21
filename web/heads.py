"""The head of a case, drawn for everybody who looks at it when the case has changed."""

from collections.abc import Collection, Mapping

from inbox.queries import heads
from inbox.queries.happenings import Reading
from web.live.fragments import Texts
from web.templating import environment


async def draw_heads(
    session: Reading, case_ids: Collection[int], languages: Collection[str]
) -> Mapping[int, Texts]:
    """The heads of cases by internal key, as fragments that replace those which stand on pages."""
    found = await heads.of_cases(session, case_ids)
    templates = {one: environment(one).get_template("conversations/_head.html") for one in languages}
    return {
        case_id: {one: template.render(head=head, is_pushed=True) for one, template in templates.items()}
        for case_id, head in found.items()
    }
