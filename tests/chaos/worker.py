"""A worker process of its own, to be killed. Prints `ready` when it works."""

from __future__ import annotations

import asyncio

from flov7.wiring import AllSettings, attending, open_house, working


async def main() -> None:
    """Work until killed."""
    async with open_house(AllSettings.load()) as house, working(house), attending(house):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
