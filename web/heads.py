"""The head of a case, drawn for everybody who looks at it when the case has changed."""

from collections.abc import Collection, Mapping

from inbox.queries import heads
from inbox.queries.happenings import Reading
from web.templating import environment


async def draw_heads(session: Reading, case_ids: Collection[int]) -> Mapping[int, str]:
    """The heads of cases by internal key, as fragments that replace those which stand on pages."""
    template = environment().get_template("conversations/_head.html")
    found = await heads.of_cases(session, case_ids)
    return {case_id: template.render(head=head, is_pushed=True) for case_id, head in found.items()}
