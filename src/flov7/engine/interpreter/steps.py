"""Runs one primitive: at once where it is pure, in time where it calls, waits, loops or holds lists."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from flov7.engine.events import EventType
from flov7.engine.interpreter import calls, waits
from flov7.engine.interpreter.loops import LoopRunner
from flov7.engine.interpreter.prepare import PreparedNode
from flov7.engine.interpreter.scope import Frame, Names, rough_size
from flov7.engine.interpreter.stopping import Unfinished
from flov7.engine.values import ErrorInfo, Outcome, Settled, StepFailure
from flov7.kit.errors import FlowError
from flov7.language.catalogue import Lowering
from flov7.language.plan import FromPayload, FromStep
from flov7.primitives.declare import Decision

if TYPE_CHECKING:
    from flov7.engine.interpreter.block import BlockRunner
    from flov7.engine.interpreter.run import Run

LARGE = 256 * 1024
"""Bytes of input from which a pure step is worked on outside the workflow."""


class Steps:
    """Runs the primitives of one run."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def at_once(self, prepared: PreparedNode, frame: Frame, *, error: dict[str, Any] | None) -> Outcome | None:
        """The outcome of what needs no time, None where it does."""
        run, node = self._run, prepared.node
        key = frame.path + node.name
        known = run.state.outcomes.get(key)
        if known is not None:
            return self._known(prepared, frame, known)
        if prepared.when is not None and not self._applies(prepared, frame, error):
            return self._passed_over(prepared, frame)
        if prepared.pure is None or prepared.blocks or (node.inputs.bindings and self._is_large(prepared, frame)):
            return None
        return self._pure(prepared, frame, error)

    def _known(self, prepared: PreparedNode, frame: Frame, known: Outcome) -> Outcome:
        run, key = self._run, frame.path + prepared.node.name
        if key in run.reused:
            run.emit(EventType.STEP_REUSED, step=prepared.node.name, path=frame.path, output=known.output)
        return known

    def _applies(self, prepared: PreparedNode, frame: Frame, error: dict[str, Any] | None) -> bool:
        node = prepared.node
        assert prepared.when is not None and node.when is not None
        try:
            value = self._run.evaluate(
                prepared.when, node.when.bindings, frame, key=frame.path + node.name, error=error
            )
        except FlowError:
            return True  # the step runs into the same error and tells it
        return bool(value)

    def _passed_over(self, prepared: PreparedNode, frame: Frame) -> Outcome:
        self._run.emit(EventType.STEP_PASSED, step=prepared.node.name, path=frame.path)
        return Outcome(settled=Settled.FINISHED)

    def _is_large(self, prepared: PreparedNode, frame: Frame) -> bool:
        total = 0
        for binding in prepared.node.inputs.bindings.values():
            if isinstance(binding, FromStep):
                outcome = frame.find(binding.step)
                total += 0 if outcome is None else outcome.size
            elif isinstance(binding, FromPayload):
                total += self._run.payload_size
        return total > LARGE

    def _pure(self, prepared: PreparedNode, frame: Frame, error: dict[str, Any] | None) -> Outcome:
        run, node = self._run, prepared.node
        inputs: Any = None
        try:
            if prepared.when is not None and node.when is not None:
                run.evaluate(prepared.when, node.when.bindings, frame, key=frame.path + node.name, error=error)
            inputs = run.render(prepared.render, prepared, frame, error=error)
            assert prepared.pure is not None
            result = prepared.pure(inputs)
        except (FlowError, ValidationError) as problem:
            return self.failed(prepared, frame, error_info(node.name, problem), inputs=inputs)
        return self.finished_pure(prepared, frame, result, inputs=inputs)

    def finished_pure(
        self, prepared: PreparedNode, frame: Frame, result: Any, *, inputs: Any, begun: str | None = None
    ) -> Outcome:
        """The outcome of a pure step or a condition's test, with its event."""
        node = prepared.node
        side = result.side if isinstance(result, Decision) else None
        output = result.output if isinstance(result, Decision) else result
        said_no = _says_no(prepared, side) if isinstance(result, Decision) else False
        data: dict[str, Any] = {"input": self.shown(prepared, inputs), "output": output}
        if begun is not None:
            data["begun"] = begun
        if side is not None:
            data["side"] = side
        if said_no:
            data["said_no"] = True
        self._run.emit(EventType.STEP_FINISHED, step=node.name, path=frame.path, **data)
        skipped = said_no and node.gate
        return Outcome(
            settled=Settled.SKIPPED if skipped else Settled.FINISHED,
            output=output,
            side=side,
            said_no=said_no,
            size=rough_size(output),
        )

    def shown(self, prepared: PreparedNode, inputs: Any) -> Any:
        """Inputs as an event holds them; what is the same in every run was made once."""
        if prepared.shown is not None:
            return prepared.shown
        return showable(inputs) if prepared.has_deferred else inputs

    def failed(
        self, prepared: PreparedNode, frame: Frame, error: ErrorInfo, *, inputs: Any = None, begun: str | None = None
    ) -> Outcome:
        """The outcome of a step that failed for good, with its event."""
        self._run.emit(
            EventType.STEP_FAILED,
            step=prepared.node.name,
            path=frame.path,
            begun=begun,
            input=showable(inputs),
            error=error.model_dump(mode="json"),
        )
        return Outcome(settled=Settled.FAILED, error=error)

    async def in_time(
        self, prepared: PreparedNode, frame: Frame, holder: BlockRunner, *, error: dict[str, Any] | None
    ) -> Outcome:
        """The outcome of what calls, waits, loops or holds lists."""
        run, node = self._run, prepared.node
        begun = run.now_text()
        inputs: Any = None
        try:
            if node.lowering is Lowering.LOOP:
                outcome = await LoopRunner(run, prepared, frame, holder).run()
                if outcome.error is not None:
                    return self.failed(prepared, frame, outcome.error, begun=begun)
                return outcome
            if prepared.pure is not None:
                return await self._pure_in_time(prepared, frame, holder, error=error)
            inputs = run.render(prepared.render, prepared, frame, error=error)
            run.emit(
                EventType.STEP_STARTED,
                step=node.name,
                path=frame.path,
                input=showable(inputs),
                effect=node.effect.value,
            )
            if node.lowering is Lowering.WAIT:
                return await waits.wait(run, prepared, frame, inputs)
            if node.lowering is Lowering.CHILD:
                output = await calls.child(run, prepared, frame, inputs)
            else:
                output = await calls.call(run, prepared, frame, inputs)
        except StepFailure as failure:
            return self.failed(prepared, frame, failure.error, inputs=inputs, begun=begun)
        except (FlowError, ValidationError) as problem:
            return self.failed(prepared, frame, error_info(node.name, problem), inputs=inputs, begun=begun)
        run.emit(EventType.STEP_FINISHED, step=node.name, path=frame.path, begun=begun, output=output)
        return Outcome(settled=Settled.FINISHED, output=output, size=rough_size(output))

    async def _pure_in_time(
        self, prepared: PreparedNode, frame: Frame, holder: BlockRunner, *, error: dict[str, Any] | None
    ) -> Outcome:
        node = prepared.node
        outcome = await self._elsewhere(prepared, frame, error)
        if outcome is None:
            outcome = self._pure(prepared, frame, error)
        if outcome.settled is Settled.FAILED or not prepared.blocks:
            return outcome
        return await self._side(prepared, frame, holder, outcome, node.name)

    async def _elsewhere(self, prepared: PreparedNode, frame: Frame, error: dict[str, Any] | None) -> Outcome | None:
        """A pure step over large values, worked on outside; None where here is as good."""
        run, node = self._run, prepared.node
        if not (node.inputs.bindings and self._is_large(prepared, frame)):
            return None
        names = Names(run, frame, node.inputs.bindings, error)
        begun = run.now_text()
        result = await run.runtime.pure(node.name, frame.path + node.name, {name: names[name] for name in names})
        if result is None:
            return None
        if result.status != "done":
            assert result.error is not None
            return self.failed(prepared, frame, result.error, begun=begun)
        value = result.output
        if isinstance(value, dict) and set(value) == {"decision", "side"}:
            value = Decision(output=value["decision"], side=value["side"])
        return self.finished_pure(prepared, frame, value, inputs={"large": True}, begun=begun)

    async def _side(
        self, prepared: PreparedNode, frame: Frame, holder: BlockRunner, outcome: Outcome, name: str
    ) -> Outcome:
        """Runs the nested list of the side that was chosen; the condition ends as it ends."""
        from flov7.engine.interpreter.block import BlockRunner

        block = prepared.blocks.get(outcome.side or "")
        if block is None:
            return replace(outcome, said_no=False)
        runner = BlockRunner(self._run, block, frame)
        holder.holds(runner)
        try:
            result = await runner.run()
        finally:
            holder.lets_go(runner)
        if result.error is not None:
            return self.failed(prepared, frame, result.error)
        if result.said_no:
            return Outcome(settled=Settled.SKIPPED, output=outcome.output, side=outcome.side, said_no=True)
        if result.unfinished:
            raise Unfinished
        return replace(outcome, said_no=False)


def _says_no(prepared: PreparedNode, side: str | None) -> bool:
    """Whether a condition lets nothing after it start: a gate, and the side that it chose is not there."""
    node = prepared.node
    if prepared.blocks:
        return False
    if node.gate:
        return side not in ("if_true",) if node.kind != "switch" else side is None
    return side not in node.sides


def error_info(step: str, problem: FlowError | ValidationError) -> ErrorInfo:
    """A raised error as data."""
    if isinstance(problem, ValidationError):
        first = problem.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "config"
        message = f"`{where}`: {first['msg'].removeprefix('Value error, ')}."
        return ErrorInfo(primitive=step, code="config.wrong", message=message, hint="Mend the step's config.")
    return ErrorInfo(
        primitive=step,
        code=problem.error_code,
        message=problem.message,
        hint=problem.hint,
        retryable=problem.retryable,
        details=problem.details,
    )


def showable(inputs: Any) -> Any:
    """Inputs as an event can hold them: deferred expressions as their text."""
    from flov7.primitives.declare import Bound

    match inputs:
        case Bound():
            return inputs.source
        case dict():
            return {key: showable(value) for key, value in inputs.items()}
        case list():
            return [showable(value) for value in inputs]
        case tuple():
            return [showable(value) for value in inputs]
        case _:
            return inputs
