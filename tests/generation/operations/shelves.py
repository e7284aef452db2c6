"""A small catalogue of operations for tests: tracker, chat, files, people."""

from __future__ import annotations

from flov7.generation.evaluation.flowbench.catalogue import Operations, operations
from flov7.primitives.registry import catalogue

_SERVICES = {
    "Tracky": {"Issue": "crud", "Board": "cr", "Comment": "cr"},
    "Chatter": {"message": "c", "channel": "r", "user": "r"},
    "Filer": {"File": "crud", "Folder": "crd", "FolderItem": "r"},
    "Payroll_Cloud": {"employees": "cru", "expense_reports": "cr"},
    "Sendmail": {"email": "c"},
    "Other_Files": {"File": "cr"},
}
_SAYS = {"c": ("create", "Create a"), "r": ("retrievewithwhere", "Retrieve all"), "u": ("updatewithwhere", "Update a"),
         "d": ("deletewithwhere", "Delete a")}  # fmt: skip


def small() -> Operations:
    """The catalogue, with ids like those of the benchmark."""
    entries: list[dict[str, str]] = []
    for service, things in _SERVICES.items():
        for thing, deeds in things.items():
            for deed in deeds:
                verb, title = _SAYS[deed]
                plain = "".join(f" {c.lower()}" if c.isupper() else c for c in thing).replace("_", " ").strip()
                shown = plain if deed != "r" or plain.endswith("s") else plain + "s"
                told = f"{title} {shown} from {service.replace('_', ' ')}"
                entries.append({"id": f"{service}_{thing}__1_0_0__{verb}_{thing}", "description": told})
    entries.append({"id": "Filer_File__1_0_0__COPYFILE_File", "description": "Copy a file to another folder"})
    return operations(entries, base=catalogue())
