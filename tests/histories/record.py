"""Records histories from real runs: `python -m tests.histories.record`, after a change that raises the version.

Payloads in them are sealed with the development key. Old ones are kept: runs that began then must still replay.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from pathlib import Path

from flov7.engine.runtimes.temporal.jobs import workflow_id
from flov7.engine.start import StartRequest
from flov7.engine.worker import INTERPRETER_VERSION
from flov7.stack.embedded import Home
from flov7.stack.embedded.servers import EmbeddedServers
from flov7.store import plans, workflows, workspaces
from flov7.store.settings import DEVELOPMENT_KEY
from flov7.wiring import AllSettings, open_house, working
from tests.histories.documents import RECORDED
from tests.scenarios.build import Scenario
from tests.scenarios.recorder import Recorder
from tests.scenarios.running import _say, plan_of

HERE = Path(__file__).parent


async def main() -> None:
    """Run each document and keep its history beside its plan."""
    with tempfile.TemporaryDirectory() as folder:
        servers = EmbeddedServers(Home(Path(folder)), headless=True)
        os.environ.update(await servers.start())
        os.environ["FLOV7_MASTER_KEY"] = DEVELOPMENT_KEY
        try:
            async with open_house(AllSettings.load(), calls=Recorder()) as house, working(house):
                workspace = (await workspaces.create(house.database, slug="histories", title="Histories")).id
                for name, (document, payload, messages) in RECORDED.items():
                    plan = plan_of(Scenario(name=name, document=document), mode="durable", children={})
                    async with house.database.workspace(workspace) as scope:
                        workflow = await workflows.create(scope, name=name, document={}, owner="test")
                        digest = await plans.put(scope, plan.to_bytes())
                    started = await house.engine.start(
                        StartRequest(
                            workspace_id=workspace, workflow_id=workflow.id, version=1, plan_digest=digest,
                            trigger=plan.parts[0].triggers[0].name, payload=payload,
                        )
                    )  # fmt: skip
                    for message in messages:
                        await _say(house, workspace, started.execution_id, message)
                    client = await house.link.client()
                    handle = client.get_workflow_handle(workflow_id(workspace, started.execution_id))
                    await handle.result()
                    history = await handle.fetch_history()
                    body = {
                        "interpreter": INTERPRETER_VERSION,
                        "workflow_id": history.workflow_id,
                        "digest": digest,
                        "plan": json.loads(plan.to_bytes()),
                        "history": history.to_json_dict(),
                    }
                    (HERE / f"v{INTERPRETER_VERSION}_{name}.json").write_text(json.dumps(body, indent=1) + "\n")
                    print(name, len(history.events), "events")
        finally:
            servers.stop()


if __name__ == "__main__":
    asyncio.run(main())
