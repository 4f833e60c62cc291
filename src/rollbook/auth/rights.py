"""What somebody may do: the table of `auth.policy` asked about a section, a school, a person."""

from collections.abc import Awaitable, Callable

from rollbook.auth.policy import (
    Action,
    Reach,
    reach,
    standing_in_school,
    standing_in_section,
    standing_to_user,
)
from rollbook.domain.errors import NotAllowed
from rollbook.domain.people import Actor, User
from rollbook.domain.rosters import Footing, Standing
from rollbook.domain.sentences import Sentence


class Rights:
    """Looks up how somebody stands to a thing, and holds the table against it."""

    def __init__(self, footing: Callable[[tuple[int, int, int]], Awaitable[Footing]]) -> None:
        """Look footings up by district, section and user, with *footing*."""
        self._footing = footing

    async def require_section(
        self, actor: Actor, action: Action, section_id: int
    ) -> tuple[int, ...] | None:
        """
        Return the enrollments that the actor's right is limited to; None: all of the section.

        Raises:
            NoSuchThing: There is no such section in the actor's district.
            NotAllowed: There is, and the action is not theirs to do in it.
        """
        place = (actor.district.id, section_id, actor.user.id)
        footing = await self._footing(place)
        far = reach(actor, action, standing_in_section(actor, footing))
        if far is Reach.NONE:
            raise NotAllowed(
                Sentence("You may not {do} in section {id}.", do=_words(action), id=section_id)
            )
        return footing.enrollment_ids if far is Reach.OWN else None

    def require(self, actor: Actor, action: Action, user_id: int | None = None) -> None:
        """Raise `NotAllowed` unless the actor may do this, to that person if one is named."""
        if reach(actor, action, standing_to_user(actor, user_id)) is Reach.NONE:
            raise _not_allowed(action)

    def reach_student(self, actor: Actor, student: User, *, teaches: bool) -> bool:
        """
        Say whether all of a student's days may be seen, or only those in the actor's sections.

        Raises `NotAllowed` when none may. *teaches*: whether the actor teaches them anywhere.
        """
        standing = standing_in_school(actor, student.school_id)
        if standing is Standing.MEMBER and teaches:
            standing = Standing.TEACHER
        far = reach(actor, Action.SEE_STUDENT, standing)
        if far is Reach.NONE:
            raise _not_allowed(Action.SEE_STUDENT)
        return far is Reach.ALL

    def require_school(self, actor: Actor, action: Action, school_id: int | None) -> None:
        """Raise `NotAllowed` unless the actor may do this in that school; None: in all."""
        if reach(actor, action, standing_in_school(actor, school_id)) is Reach.NONE:
            raise _not_allowed(action)


def _not_allowed(action: Action) -> NotAllowed:
    return NotAllowed(Sentence("You may not {do}.", do=_words(action)))


def _words(action: Action) -> Sentence:
    return Sentence(action.value)
