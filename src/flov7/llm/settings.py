"""Which models there are, and where. Without a base URL and without a key there is none, and nothing needs one."""

from __future__ import annotations

from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator

from flov7.kit.settings import Settings


class LlmSettings(Settings):
    """`FLOV7_LLM_…`, and `OPENAI_API_KEY`."""

    llm_base_url: str = ""
    """An OpenAI-compatible endpoint, as in `https://api.openai.com/v1`; empty: the maker's own, if there is a key."""
    llm_api_key: SecretStr = Field(
        default=SecretStr(""), validation_alias=AliasChoices("FLOV7_LLM_API_KEY", "OPENAI_API_KEY", "llm_api_key")
    )
    """The key; `OPENAI_API_KEY` is read too. Endpoints of your own may need none."""
    llm_model: str = "gpt-5.4-mini"
    """The model for simple tasks."""
    llm_strong_model: str = "gpt-6-sol"
    """The model for hard ones."""
    llm_plan: Literal["base", "premium"] = "premium"
    """How many models: `base` asks one (`llm_model`), `premium` two, the strong one where it is needed."""
    llm_embedding_model: str = "text-embedding-3-small"
    """The model that says which texts are alike; asked only where a step reuses answers to similar questions."""
    llm_budget_run: float = Field(default=0.0, ge=0)
    """US dollars that one run may spend on models; 0: no limit."""
    llm_budget_workflow: float = Field(default=0.0, ge=0)
    """US dollars that one workflow may spend on models in a month; 0: no limit."""
    llm_budget_workspace: float = Field(default=0.0, ge=0)
    """US dollars that one workspace may spend on models in a month; 0: no limit."""
    llm_cache: float = Field(default=86_400.0, ge=0)
    """Seconds for which answers are kept for equal questions of the same workspace; 0: not at all."""
    llm_api: Literal["chat", "responses"] = "chat"
    """Which of the two interfaces: chat completions (which every endpoint speaks) or responses."""
    llm_timeout: float = Field(default=60.0, gt=0, le=600)
    """Seconds that one answer may take, repeats included."""
    llm_retries: int = Field(default=2, ge=0, le=10)
    """How often a call is repeated after 429, 5xx and lost connections."""

    @field_validator("llm_base_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must be an address like https://api.openai.com/v1")
        return value.rstrip("/")

    @property
    def has_model(self) -> bool:
        """Whether there is a model to talk to."""
        return bool(self.llm_base_url or self.llm_api_key.get_secret_value())
