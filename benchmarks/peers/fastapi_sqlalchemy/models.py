"""Sections, who is in them, and how they were there."""

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """What all tables have in common."""


class Section(Base):
    """A class."""

    __tablename__ = "section"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    title: Mapped[str] = mapped_column(String(200))


class Enrollment(Base):
    """A student's place in a section."""

    __tablename__ = "enrollment"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    student: Mapped[str] = mapped_column(String(200))


class Mark(Base):
    """How one student was there on one day."""

    __tablename__ = "mark"
    __table_args__ = (
        UniqueConstraint("section_id", "date", "enrollment_id", name="one_mark_a_day"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"))
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollment.id"))
    date: Mapped[dt.date]
    status: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str] = mapped_column(String(2000), default="", server_default="")
