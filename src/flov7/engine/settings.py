"""Settings of the engine."""

from __future__ import annotations

from pydantic import Field

from flov7.kit.settings import Settings


class EngineSettings(Settings):
    """How runs are run. Read from `FLOV7_…`."""

    temporal_address: str = Field(default="127.0.0.1:7233", description="Host and port of the Temporal server.")
    temporal_namespace: str = "default"
    task_queue: str = Field(default="flov7", description="Prefix of the task queues.")
    workflow_slots: int = Field(default=200, ge=1, description="Workflow tasks at once in one worker.")
    call_slots: int = Field(default=200, ge=1, description="Calls at once in one worker.")
    large_value: int = Field(default=64 * 1024, ge=1024, description="Bytes from which a value leaves the history.")
    express_slots: int = Field(
        default=100, ge=1, description="Express runs at once in one process; others wait in line."
    )
    express_line: int = Field(
        default=2000, ge=1, description="Express runs that wait in a process's memory; more wait in the journal."
    )
    express_limit: float = Field(default=60.0, gt=0, description="Seconds after which an express run becomes durable.")
    lease_seconds: float = Field(default=15.0, gt=1, description="How long a process holds an express run unseen.")
    public_url: str = Field(default="http://127.0.0.1:8000", description="Where people reach the gateway.")
    allow_hosts: str = Field(
        default="", description="Private hosts, addresses and networks that workflows may reach, with commas."
    )
    allow_files: str = Field(
        default="", description="Folders whose files `sqlite` connections of workflows may open, with commas."
    )
