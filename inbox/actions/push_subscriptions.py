"""The devices that agents let us push to: added by the device itself, gone when its agent says so, signs out
there, or is signed out everywhere."""

import base64
import binascii
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.credentials import digest_of
from inbox.errors import Invalid, NotFound
from inbox.models import Agent, PushSubscription, Session

MOST_DEVICES = 20
LONGEST_ENDPOINT = 2_000
_UNUSABLE = "This browser gave no address that can be pushed to."


async def subscribe(
    session: AsyncSession,
    agent: Agent,
    *,
    endpoint: str,
    p256dh: str,
    auth: str,
    signed_with: str,
    signed_in: Session,
) -> PushSubscription:
    """Push to this device from now on; one that is known already belongs to whoever uses it now. The oldest
    of many devices is given up. Raises Invalid for what no browser would send."""
    _check(endpoint, p256dh, auth)
    digest = digest_of(endpoint)
    known = select(PushSubscription).where(PushSubscription.digest == digest).with_for_update()
    device = await session.scalar(known)
    if device is None:
        device = PushSubscription(digest=digest, endpoint=endpoint)
        session.add(device)
    device.agent_id, device.session_id, device.created_at = agent.id, signed_in.id, clock.now()
    device.p256dh, device.auth, device.signed_with = p256dh, auth, signed_with
    device.user_agent = signed_in.user_agent
    await session.flush()
    mine = select(PushSubscription.id).where(PushSubscription.agent_id == agent.id)
    kept = mine.order_by(PushSubscription.created_at.desc(), PushSubscription.id.desc()).limit(MOST_DEVICES)
    too_many = (PushSubscription.agent_id == agent.id) & PushSubscription.id.not_in(kept)
    await session.execute(delete(PushSubscription).where(too_many))
    return device


async def revoke(session: AsyncSession, public_id: str, *, of: Agent) -> None:
    """Push to this device of an agent's no more; raises NotFound."""
    mine = (PushSubscription.public_id == public_id) & (PushSubscription.agent_id == of.id)
    gone = delete(PushSubscription).where(mine).returning(PushSubscription.id)
    if (await session.execute(gone)).one_or_none() is None:
        raise NotFound("There is no such device.")


async def forget_session(session: AsyncSession, session_id: int) -> None:
    """Whoever was signed in there is so no longer: the device learns nothing more."""
    await session.execute(delete(PushSubscription).where(PushSubscription.session_id == session_id))


async def forget_agent(session: AsyncSession, agent: Agent) -> None:
    """None of the agent's devices learns anything more."""
    await session.execute(delete(PushSubscription).where(PushSubscription.agent_id == agent.id))


def _check(endpoint: str, p256dh: str, auth: str) -> None:
    try:
        parts = urlsplit(endpoint)
        is_address = parts.scheme == "https" and bool(parts.hostname) and endpoint.isascii()
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _read(p256dh))
        has_secret = len(_read(auth)) == 16
    except (ValueError, binascii.Error) as error:
        raise Invalid(_UNUSABLE, field="endpoint") from error
    if not is_address or not has_secret or len(endpoint) > LONGEST_ENDPOINT:
        raise Invalid(_UNUSABLE, field="endpoint")


def _read(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
