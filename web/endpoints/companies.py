"""Companies: who works there, and from which domains they write."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.actions import companies
from inbox.errors import Conflict, Invalid
from inbox.policies import Action, authorize
from inbox.queries import companies as known
from web.acting import actor_of, text_of
from web.installation import installation_of
from web.templating import page
from web.wording import words_for
from web.workspace import shell_for
from web.writing import words_of


async def index(request: Request) -> Response:
    """GET /companies?q=&cursor="""
    asked = request.query_params
    words = asked.get("q", "").strip()
    async with installation_of(request).database.reading() as session:
        found = await known.page(session, words=words, cursor=asked.get("cursor"))
        shell = await shell_for(session, request.state.agent)
    return page(
        request,
        "companies/index.html",
        rows=found.items,
        next=found.next,
        words=words,
        shell=shell,
        current="customers",
    )


async def create(request: Request) -> Response:
    """POST /companies {name}: a company that only customers have named so far gets a page of its own"""
    authorize(actor_of(request), Action.CHANGE)
    name = text_of(await request.form(), "name")
    async with installation_of(request).database.transaction() as session:
        company = await companies.known_as(session, name)
    return RedirectResponse(f"/companies/{company.public_id}", 303)


async def show(request: Request) -> Response:
    """GET /companies/{id}"""
    return await _page(request)


async def update(request: Request) -> Response:
    """POST /companies/{id} {name, domains}"""
    form = await request.form()
    name, domains = text_of(form, "name"), words_of(form, "domains")
    try:
        async with installation_of(request).database.transaction() as session:
            company = await known.by_id(session, request.path_params["id"])
            adopted = await companies.change(
                session, company, by=request.state.agent, name=name, domains=domains.replace(",", " ").split()
            )
    except (Invalid, Conflict) as problem:
        return await _page(request, problem=problem, name=name, domains=domains)
    return RedirectResponse(f"/companies/{company.public_id}?adopted={adopted}", 303)


async def _page(
    request: Request,
    *,
    problem: Invalid | Conflict | None = None,
    name: str = "",
    domains: str = "",
) -> Response:
    async with installation_of(request).database.reading() as session:
        company = await known.by_id(session, request.path_params["id"])
        people = await known.people_of(session, actor_of(request), company)
        standing = await companies.domains_of(session, company)
        shell = await shell_for(session, request.state.agent)
    adopted = request.query_params.get("adopted", "")
    return page(
        request,
        "companies/show.html",
        status=422 if problem else 200,
        company=company,
        people=people,
        name=name or company.name,
        domains=domains if problem else "\n".join(standing),
        adopted=int(adopted) if adopted.isascii() and adopted.isdigit() and len(adopted) < 9 else None,
        problem=words_for(request).told(problem.phrase) if problem else "",
        problem_field=problem.field if isinstance(problem, Invalid) else "",
        shell=shell,
        current="customers",
    )
