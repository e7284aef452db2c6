"""Teams of agents on CrewAI, each of whose questions and tool uses is recorded by its place."""
