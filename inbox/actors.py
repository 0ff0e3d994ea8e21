"""Who does or reads something."""

from dataclasses import dataclass

from inbox.models.agents import Agent
from inbox.models.customers import Customer
from inbox.models.events import ActorKind


@dataclass(frozen=True, slots=True)
class Actor:
    """An agent, a customer or the system itself. `id` is the internal key of the agent or the customer."""

    kind: ActorKind
    id: int | None = None
    is_admin: bool = False

    @classmethod
    def of(cls, by: "Agent | Actor") -> "Actor":
        """Whoever acts: an agent as it is stored, or an actor as it is."""
        return by if isinstance(by, Actor) else cls.agent(by)

    @classmethod
    def agent(cls, agent: Agent) -> "Actor":
        return cls(ActorKind.AGENT, agent.id, agent.is_admin)

    @classmethod
    def customer(cls, customer: Customer) -> "Actor":
        return cls(ActorKind.CUSTOMER, customer.id)


SYSTEM = Actor(ActorKind.SYSTEM)
