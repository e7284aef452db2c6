"""Requests over a catalogue of operations: what they become, and what changes of them become."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flov7.generation.draft import Draft, Sort
from flov7.generation.generate import draft, edit
from tests.generation.operations.shelves import small

FOUND = small()


def shown(primitives: list[dict[str, Any]]) -> str:
    """The steps in short: `for`, `if` and the operations, nested in brackets."""
    parts: list[str] = []
    for one in primitives:
        match one["kind"]:
            case "manual":
                continue
            case "loop":
                parts.append(f"for {one['over']} [{shown(one['do'])}]")
            case "if_else":
                other = f" else [{shown(one['else'])}]" if one.get("else") else ""
                parts.append(f"if {one['logic']} [{shown(one['then'])}]{other}")
            case "wait":
                parts.append(f"person({one['config']['ask']})")
            case kind:
                parts.append(kind)
    return "; ".join(parts)


def made(sentence: str) -> Draft:
    """The draft of a sentence."""
    return asyncio.run(draft(sentence, catalogue=FOUND.catalogue))


def steps(one: Draft) -> str:
    """The steps of a draft in short."""
    return shown(one.document["primitives"]) if one.document else "nothing"


CREATED = {
    "Create a Tracky issue and then send a Chatter message": "tracky.create_issue; chatter.create_message",
    "Get all employees from Payroll Cloud. For each employee create a Filer folder.": (
        "payroll_cloud.retrieve_employees; for employees [filer.create_folder]"
    ),
    "Retrieve all the Tracky issues. If an issue's status is open, post a message in Chatter, otherwise delete it.": (
        "tracky.retrieve_issue; for issues [if issue.status == 'open' [chatter.create_message] else [tracky.delete_issue]]"
    ),
    "For every Tracky issue, if its priority is urgent, notify the team on Chatter. If it's a low priority issue, update it.": (
        "tracky.retrieve_issue; for issues [if issue.priority == 'urgent' [chatter.create_message] else "
        "[if issue.priority == 'low' [tracky.update_issue]]]"
    ),
    "Copy all files from Filer to Other Files": "filer.retrieve_file; for files [other_files.create_file]",
    "Retrieve and delete the Filer folder": "filer.retrieve_folder; filer.delete_folder",
    "Create three Tracky boards": "tracky.create_board; tracky.create_board; tracky.create_board",
    "Create a file in a new Filer folder": "filer.create_folder; filer.create_file",
    "(1) create a Tracky board (2) book a room (3) list the users on Chatter": (
        "tracky.create_board; person(book a room); chatter.retrieve_user"
    ),
    "Create a Payroll Cloud employee and ask the manager for approval. If rejected, send a Chatter message": (
        "payroll_cloud.create_employees; person(Ask the manager for approval?); "
        "if approval.decision == 'rejected' [chatter.create_message]"
    ),
    "Retrieve the Tracky issues. If an issue's status is open send a Chatter message else delete the issue.": (
        "tracky.retrieve_issue; for issues [if issue.status == 'open' [chatter.create_message] else [tracky.delete_issue]]"
    ),
    "For each Tracky issue, if its owner is ada post it in Chatter, if its owner is bob send an email": (
        "tracky.retrieve_issue; for issues [if issue.owner == 'ada' [chatter.create_message] else "
        "[if issue.owner == 'bob' [sendmail.create_email]]]"
    ),
    "Get the Tracky boards and send an email if there are none": (
        "tracky.retrieve_board; if boards == null [sendmail.create_email]"
    ),
    "Retrieve all Filer files and create them in Other Files": (
        "filer.retrieve_file; for files [other_files.create_file]"
    ),
    "Get the expense reports and send them to finance on Chatter": "payroll_cloud.retrieve_expense_reports; chatter.create_message",
}  # fmt: skip


class TestCreated:
    @pytest.mark.parametrize("sentence", CREATED)
    def test_a_sentence_becomes_operations_in_their_places(self, sentence: str) -> None:
        one = made(sentence)
        assert steps(one) == CREATED[sentence]
        assert one.is_valid

    def test_what_a_named_service_cannot_do_is_a_persons_task_and_not_another_services(self) -> None:
        assert steps(made("Create a Chatter message and delete the Sendmail email")) == (
            "chatter.create_message; person(delete the Sendmail email)"
        )

    def test_two_services_that_do_the_same_are_asked_about(self) -> None:
        one = made("Create a file")
        assert [found.sort for found in one.questions] == [Sort.OPEN, Sort.SETUP] and len(
            one.questions[0].suggestions
        ) == 2

    def test_nothing_is_named_that_the_catalogue_lacks(self) -> None:
        one = made("Create an invoice in Billomatic, then send a Chatter message")
        assert steps(one).endswith("chatter.create_message") and "billomatic" not in steps(one)


BASE = "Get all Tracky issues. For each issue, if its type is bug, create a Filer file and send a Chatter message, otherwise delete it."
BEFORE = "tracky.retrieve_issue; for issues [if issue.type == 'bug' [filer.create_file; chatter.create_message] else [tracky.delete_issue]]"
EDITED = {
    "Do not send the message": BEFORE.replace("; chatter.create_message]", "]"),
    "Remove the step to create a file": BEFORE.replace("filer.create_file; ", ""),
    "Send an email instead of the Chatter message": BEFORE.replace("chatter.create_message", "sendmail.create_email"),
    "Replace Filer with Other Files": BEFORE.replace("filer.create", "other_files.create"),
    "Create a Tracky comment before creating the file": BEFORE.replace("filer.create", "tracky.create_comment; filer.create"),
    "After sending the message, create a Filer folder": BEFORE.replace("message]", "message; filer.create_folder]"),
    "As the first step, create a Tracky board": f"tracky.create_board; {BEFORE}",
    "At the end, send an email": f"{BEFORE}; sendmail.create_email",
    "If the issue type is question, create a Tracky comment": (
        "tracky.retrieve_issue; for issues [if issue.type == 'bug' [filer.create_file; chatter.create_message] else "
        "[if issue.type == 'question' [tracky.create_comment] else [tracky.delete_issue]]]"
    ),
    "Change the condition to check if the issue priority is high": BEFORE.replace("type == 'bug'", "priority == 'high'"),
    "Don't do anything if the issue type is bug": (
        "tracky.retrieve_issue; for issues [if issue.type != 'bug' [tracky.delete_issue]]"
    ),
    "Remove the else branch": BEFORE.replace(" else [tracky.delete_issue]", ""),
    "Remove everything in the loop except for sending the message": (
        "tracky.retrieve_issue; for issues [if issue.type == 'bug' [chatter.create_message]]"
    ),
    "Remove the last step": BEFORE.replace(" else [tracky.delete_issue]", ""),
    "Move the message before the loop": (
        "tracky.retrieve_issue; chatter.create_message; for issues [if issue.type == 'bug' [filer.create_file] else "
        "[tracky.delete_issue]]"
    ),
    "Send the message only if the issue priority is high": BEFORE.replace(
        "chatter.create_message]", "if issue.priority == 'high' [chatter.create_message]]"
    ),
    "Replace the step to delete the issue with a step to update it": BEFORE.replace("delete_issue", "update_issue"),
    "For each issue also send an email": BEFORE.replace("delete_issue]]", "delete_issue]; sendmail.create_email]"),
}  # fmt: skip


class TestEdited:
    @pytest.mark.parametrize("change", EDITED)
    def test_a_change_changes_what_it_speaks_of_and_nothing_else(self, change: str) -> None:
        before = made(BASE)
        assert before.document is not None and steps(before) == BEFORE
        after = asyncio.run(edit(before.document, change, catalogue=FOUND.catalogue))
        assert steps(after) == EDITED[change]
        assert after.is_valid

    def test_a_change_that_speaks_of_nothing_there_asks_and_leaves_all_as_it_is(self) -> None:
        before = made(BASE)
        assert before.document is not None
        after = asyncio.run(edit(before.document, "Remove the payment", catalogue=FOUND.catalogue))
        assert after.document == before.document and after.questions

    def test_names_that_pointed_at_a_replaced_step_point_at_the_new_one(self) -> None:
        before = made("Get all Tracky issues. For each issue send a Chatter message.")
        assert before.document is not None
        after = asyncio.run(
            edit(before.document, "Retrieve the Tracky boards instead of the issues", catalogue=FOUND.catalogue)
        )
        assert steps(after) == "tracky.retrieve_board; for boards [chatter.create_message]"
        assert after.is_valid
