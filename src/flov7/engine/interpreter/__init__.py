"""The interpreter: plain deterministic asyncio that walks a plan and knows no runtime but the port."""
