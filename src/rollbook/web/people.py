"""People: who may come in, what they are in the district, and their links."""

from typing import ClassVar, TypeAlias

from rollbook.auth.policy import Action
from rollbook.auth.reception import Reception
from rollbook.domain.accounts import Account, AccountState, LinkPurpose
from rollbook.domain.errors import (
    AlreadyThere,
    BadRequest,
    LastAdministrator,
    NoSuchThing,
    NotAllowed,
)
from rollbook.domain.overview import FOUND_MOST
from rollbook.domain.people import Role, School, User
from rollbook.domain.store import Page, Store
from rollbook.operations import people as operations
from rollbook.web import render
from rollbook.web.visiting import Visit, visit
from rollbook.web.words import N_
from rollbook.wire.http import Request, Response

_SCHOOLS = Page(limit=10_000)
_ON_A_PAGE = 100  # accounts
# Somebody, their account if they have one, and whether they may come in with it.
Row: TypeAlias = tuple[User, Account | None, AccountState | None]

_TEXT_MAX = 254  # characters that somebody is looked for with


class People:
    """Who has an account, and a search for anybody of the district: `/admin/people`."""

    needs: ClassVar = {"GET": Action.ADMINISTER}

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_get(self, req: Request, resp: Response) -> None:
        """List the accounts by login, or the people that were looked for by name."""
        here = visit(req)
        text = here.query.text("find").strip()[:_TEXT_MAX]
        number = here.query.id("page") or 1
        if text:
            found, further = await self._find(here, text), False
        else:
            found, further = await self._accounts(here, number)
        resp.body = render.page(
            "people.html",
            here,
            found=found,
            text=text,
            many=len(found) == FOUND_MOST,
            number=number,
            further=further,
            schools=await school_titles(self._store, here),
        )

    async def _find(self, here: Visit, text: str) -> list[Row]:
        found: list[Row] = []
        for user in await self._store.find_people(here.district.id, text):
            account = await self._store.account_of_user(here.district.id, user.id)
            found.append((user, account, account.state(user) if account else None))
        return found

    async def _accounts(self, here: Visit, number: int) -> tuple[list[Row], bool]:
        """Return a page of the accounts, and whether there is another one after it."""
        accounts = await self._store.accounts(here.district.id)
        first = (number - 1) * _ON_A_PAGE
        found: list[Row] = []
        for account in accounts[first : first + _ON_A_PAGE]:
            user = await self._store.user(here.district.id, account.user_id)
            found.append((user, account, account.state(user)))
        return found, first + _ON_A_PAGE < len(accounts)


async def school_titles(store: Store, here: Visit) -> dict[int, School]:
    """Return the district's schools by number."""
    return {one.id: one for one in (await store.schools(here.district.id, _SCHOOLS)).items}


class Person:
    """One person: `/admin/people/{user_id}`."""

    needs: ClassVar = {"GET": Action.ADMINISTER, "POST": Action.ADMINISTER}

    def __init__(self, store: Store, reception: Reception, public_url: str) -> None:
        self._store = store
        self._reception = reception
        self._public_url = public_url.rstrip("/")

    async def on_get(self, req: Request, resp: Response, user_id: int) -> None:
        """Show what the person is, and whether they may come in."""
        await self._show(visit(req), resp, user_id)

    async def on_post(self, req: Request, resp: Response, user_id: int) -> None:
        """Do what the button that was pressed says."""
        here = visit(req)
        user = await self._store.user(here.district.id, user_id)
        problems: dict[str, str] = {}
        if here.form.has("change"):
            await self._change(here, user, problems)
        elif here.form.has("invite"):
            if token := await self._invite(here, user, problems):
                await self._show(here, resp, user_id, made=(token, LinkPurpose.INVITATION))
                return
        elif here.form.has("reset"):
            token = await self._reset(here, user)
            await self._show(here, resp, user_id, made=(token, LinkPurpose.RESET))
            return
        elif here.form.has("disable"):
            await self._disable(here, user)
        elif here.form.has("enable"):
            await self._reception.enable(here.district.id, user_id, by=here.author)
        if problems:
            resp.status = 400
            await self._show(here, resp, user_id, problems=problems)
        else:
            resp.go_to(f"/admin/people/{user_id}?done")

    async def _change(self, here: Visit, user: User, problems: dict[str, str]) -> None:
        """Store role and school."""
        try:
            role = Role(here.form.id("role") or 0)
            school_id = here.form.id("school")
        except (ValueError, BadRequest):
            raise BadRequest(N_("A person has one role and one school.")) from None
        if not self._is_of_the_staff(user) or role not in operations.STAFF:
            raise BadRequest(N_("Who is a student or a guardian only the roster says."))
        if role is Role.STAFF and school_id is None:
            problems["school"] = N_("The office is a school's: say which.")
            return
        try:
            await operations.change(
                self._store,
                here.district.id,
                user,
                role=role,
                school_id=school_id,
                by=here.author,
            )
        except LastAdministrator as error:
            problems["role"] = error.sentence
        except NoSuchThing:
            problems["school"] = N_("There is no such school.")

    async def _invite(self, here: Visit, user: User, problems: dict[str, str]) -> str | None:
        """Return the token of a link for somebody who may work here."""
        if not self._is_of_the_staff(user):
            raise BadRequest(N_("Only teachers, the office and administrators come in here."))
        try:
            return await self._reception.invite(
                here.district.id, user.id, here.form.text("login"), by=here.author
            )
        except AlreadyThere as error:
            if error.facts[0] == "login of user":
                raise
            problems["login"] = N_("Somebody else logs in with this.")
        except BadRequest:
            problems["login"] = N_(
                "A login is a name or an address of e-mail, of at most 254 characters."
            )
        return None

    async def _reset(self, here: Visit, user: User) -> str:
        """Return the token of a link; an account that is disabled gets none."""
        account = await self._store.account_of_user(here.district.id, user.id)
        if account is not None and account.state(user) is not AccountState.ACTIVE:
            raise NotAllowed(N_("Only who may come in can set a new password."))
        return await self._reception.reset(here.district.id, user.id, by=here.author)

    async def _disable(self, here: Visit, user: User) -> None:
        if user.id == here.actor.user.id:
            raise NotAllowed(N_("Nobody disables themselves: ask another administrator."))
        await self._reception.disable(here.district.id, user.id, by=here.author)

    def _is_of_the_staff(self, user: User) -> bool:
        return user.role in operations.STAFF

    async def _show(
        self,
        here: Visit,
        resp: Response,
        user_id: int,
        *,
        made: tuple[str, LinkPurpose] | None = None,
        problems: dict[str, str] | None = None,
    ) -> None:
        """Show a person, with a link that was made just now."""
        user = await self._store.user(here.district.id, user_id)
        account = await self._store.account_of_user(here.district.id, user_id)
        base = self._public_url or f"{here.way.scheme}://{here.way.host}"
        resp.body = render.page(
            "person.html",
            here,
            user=user,
            account=account,
            state_=account.state(user) if account else None,
            is_staff=self._is_of_the_staff(user),
            roles=operations.STAFF,
            schools=await school_titles(self._store, here),
            link=f"{base}/link/{made[0]}" if made else "",
            purpose=made[1] if made else None,
            problems=problems or {},
            done=here.query.has("done"),
        )
