"""Whose hooks: a company's or a project's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from . import _tieback
from ._errors import InvalidArgumentError
from ._input import given, optional_id_text


@dataclass(frozen=True, slots=True, init=False)
class Scope:
    """One company, or one project. A hook belongs to exactly one scope.

    Events carry their project's company too, so publishing needs both:

    >>> tieback.Scope.company(5358233)
    Scope(company_id='5358233', project_id=None)
    >>> tieback.Scope.project(9876543, company_id=5358233)
    Scope(company_id='5358233', project_id='9876543')
    """

    company_id: str | None
    """The company; in a project's scope only where it was given."""

    project_id: str | None
    """The project, in a project's scope."""

    def __init__(self, *, company_id: str | int | None = None, project_id: str | int | None = None) -> None:
        """The company's or the project's scope, in the form of REST v1.0: exactly one of the two ids."""
        company, project = optional_id_text("company_id", company_id), optional_id_text("project_id", project_id)
        if company is not None and project is not None:
            raise InvalidArgumentError(
                f"the scope names both company_id {company} and project_id {project}: give one of them, or use "
                f"Scope.project({project}, company_id={company}) for the project's scope with its company"
            )
        if company is None and project is None:
            raise InvalidArgumentError(
                "the scope is missing: use Scope.company(company_id) or Scope.project(project_id, company_id=...)"
            )
        self._set(_tieback.scope(given(company_id=company, project_id=project)))

    @classmethod
    def company(cls, company_id: str | int) -> Scope:
        """A company's scope."""
        return cls(company_id=company_id)

    @classmethod
    def project(cls, project_id: str | int, *, company_id: str | int | None = None) -> Scope:
        """A project's scope. Publishing needs its company too."""
        ids = given(
            company_id=optional_id_text("company_id", company_id), project_id=optional_id_text("project_id", project_id)
        )
        if "project_id" not in ids:
            raise InvalidArgumentError("the project_id is missing: use Scope.company(company_id) for a company's scope")
        return scope_from_answer(_tieback.scope(ids))

    @property
    def level(self) -> Literal["company", "project"]:
        """At which of the two levels it is. Each has resources of its own."""
        return "company" if self.project_id is None else "project"

    def _set(self, ids: dict[str, str]) -> None:
        object.__setattr__(self, "company_id", ids.get("company_id"))
        object.__setattr__(self, "project_id", ids.get("project_id"))


def scope_from_answer(answer: dict[str, str]) -> Scope:
    """The scope of these ids, as they are."""
    scope = object.__new__(Scope)
    scope._set(answer)
    return scope


def scope_to_input(scope: object) -> dict[str, str]:
    """A scope that a caller gave."""
    if not isinstance(scope, Scope):
        raise TypeError(
            f"the scope is of type {type(scope).__name__}: give a tieback.Scope, such as Scope.company(5358233)"
        )
    return given(company_id=scope.company_id, project_id=scope.project_id)
