"""The AI service's inside: single nodes on LangGraph, crews on CrewAI. Both are imported on first use, here only."""
