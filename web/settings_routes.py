"""The addresses of the settings (one's own for every agent, the workspace's for admins) and of the
sample."""

from starlette.routing import BaseRoute

from web import mailbox_pages
from web.bodies import MULTIPART_BYTES
from web.endpoints import (
    absences,
    blocks,
    channel_steps,
    intake,
    looks,
    mailbox_sign_ins,
    newcomers,
    profiles,
    saved_replies,
    sessions_list,
    settings_agents,
    settings_audit,
    settings_channels,
    settings_fields,
    settings_forms,
    settings_hours,
    settings_notifications,
    settings_secrets,
    settings_tags,
    settings_targets,
    settings_teams,
    settings_writing,
)
from web.policy import Endpoint, Policy, route


def _post(path: str, endpoint: Endpoint, policy: Policy = Policy.ADMIN) -> BaseRoute:
    return route(path, endpoint, methods=["POST"], policy=policy)


OWN: list[BaseRoute] = [
    route("/settings", profiles.home, policy=Policy.AGENT),
    route("/settings/profile", profiles.show, policy=Policy.AGENT),
    _post("/settings/profile", profiles.change, Policy.AGENT),
    _post("/settings/writing", profiles.change_writing, Policy.AGENT),
    route("/settings/appearance", looks.show_appearance, policy=Policy.AGENT),
    _post("/settings/appearance", looks.change_appearance, Policy.AGENT),
    route("/settings/shortcuts", looks.show_shortcuts, policy=Policy.AGENT),
    _post("/settings/shortcuts", looks.change_shortcuts, Policy.AGENT),
    _post("/settings/password", profiles.change_password, Policy.AGENT),
    route("/settings/notifications", settings_notifications.show, policy=Policy.AGENT),
    _post("/settings/notifications", settings_notifications.change, Policy.AGENT),
    _post("/settings/notifications/texts", settings_notifications.change_texts),
    _post("/settings/notifications/devices", settings_notifications.add_device, Policy.AGENT),
    _post("/settings/notifications/devices/{id}/revoke", settings_notifications.revoke_device, Policy.AGENT),
    route("/settings/absence", absences.show, policy=Policy.AGENT),
    _post("/settings/absence", absences.plan, Policy.AGENT),
    _post("/settings/absence/end", absences.end, Policy.AGENT),
    route("/settings/sessions", sessions_list.index, policy=Policy.AGENT),
    _post("/settings/sessions/{id}/revoke", sessions_list.revoke, Policy.AGENT),
    _post("/settings/tokens/{id}/revoke", sessions_list.revoke_token, Policy.AGENT),
    route("/settings/replies", saved_replies.index, policy=Policy.AGENT),
    route("/settings/replies/new", saved_replies.new, policy=Policy.AGENT),
    _post("/settings/replies", saved_replies.create, Policy.AGENT),
    route("/settings/replies/{id}", saved_replies.edit, policy=Policy.AGENT),
    _post("/settings/replies/{id}", saved_replies.update, Policy.AGENT),
    _post("/settings/replies/{id}/removal", saved_replies.remove, Policy.AGENT),
    route("/settings/blocked", blocks.index, policy=Policy.AGENT),
]

TARGETS: list[BaseRoute] = [
    route("/settings/targets", settings_targets.show, policy=Policy.ADMIN),
    _post("/settings/targets", settings_targets.change),
]

AUDIT: list[BaseRoute] = [
    route("/settings/audit", settings_audit.index, policy=Policy.ADMIN),
    _post("/settings/audit/export", settings_audit.export),
]

KNOWING: list[BaseRoute] = [
    route("/settings/tags", settings_tags.index, policy=Policy.ADMIN),
    _post("/settings/tags", settings_tags.create),
    route("/settings/tags/{id}", settings_tags.edit, policy=Policy.ADMIN),
    _post("/settings/tags/{id}", settings_tags.change),
    _post("/settings/tags/{id}/join", settings_tags.join),
    _post("/settings/tags/{id}/remove", settings_tags.remove),
    route("/settings/fields", settings_fields.index, policy=Policy.ADMIN),
    _post("/settings/fields", settings_fields.create),
    _post("/settings/fields/{id}", settings_fields.change),
    _post("/settings/fields/{id}/move", settings_fields.move),
    _post("/settings/fields/{id}/remove", settings_fields.remove),
]

INTAKE: list[BaseRoute] = [
    route("/settings/intake", intake.index, policy=Policy.AGENT),
    route("/settings/intake/{id}/raw", intake.raw, policy=Policy.AGENT),
    _post("/settings/intake/{id}/retry", intake.retry, Policy.AGENT),
    _post("/settings/intake/{id}/file", intake.file, Policy.AGENT),
]

CHANNELS: list[BaseRoute] = [
    route("/settings/channels", settings_channels.index, policy=Policy.ADMIN),
    route("/settings/channels/new", channel_steps.kinds, policy=Policy.ADMIN),
    route("/settings/channels/new/{kind}", settings_channels.new, policy=Policy.ADMIN),
    _post("/settings/channels/new/{kind}", settings_channels.create),
    route("/settings/channels/{id}", settings_channels.show, policy=Policy.ADMIN),
    _post("/settings/channels/{id}", settings_channels.change),
    route("/settings/channels/{id}/steps/{step}", channel_steps.show, policy=Policy.ADMIN),
    _post("/settings/channels/{id}/steps/{step}", channel_steps.change),
    route("/settings/channels/{id}/arrival", channel_steps.arrival, policy=Policy.ADMIN),
    _post("/settings/channels/{id}/check", settings_channels.check),
    route("/settings/channels/{id}/writing", settings_writing.show, policy=Policy.ADMIN),
    _post("/settings/channels/{id}/writing", settings_writing.change),
    _post("/settings/channels/{id}/secret", settings_secrets.renew),
    _post("/settings/channels/{id}/secret/{fingerprint}/remove", settings_secrets.remove),
    route("/settings/channels/{id}/sign-in", mailbox_sign_ins.new, policy=Policy.ADMIN),
    route(mailbox_pages.RETURN_PATH, mailbox_sign_ins.finish, policy=Policy.ADMIN),
    route("/settings/channels/{id}/records", mailbox_pages.records, policy=Policy.ADMIN),
    route("/settings/channels/{id}/history", mailbox_pages.history, policy=Policy.ADMIN),
    _post("/settings/channels/{id}/deactivate", settings_channels.deactivate),
    _post("/settings/channels/{id}/activate", settings_channels.activate),
    _post("/settings/channels/{id}/pause", settings_forms.pause),
    _post("/settings/channels/{id}/resume", settings_forms.resume),
    _post("/settings/channels/{id}/sweeps", settings_forms.sweep),
    _post("/settings/channels/{id}/sweeps/{sweep}/undo", settings_forms.restore),
    _post("/settings/forms/preview", settings_forms.preview),
]

PEOPLE: list[BaseRoute] = [
    route("/settings/agents", settings_agents.index, policy=Policy.ADMIN),
    _post("/settings/agents/invitations", settings_agents.invite),
    route("/settings/agents/{id}", settings_agents.show, policy=Policy.ADMIN),
    _post("/settings/agents/{id}", settings_agents.change),
    route("/settings/agents/{id}/deactivate", settings_agents.leave, policy=Policy.ADMIN),
    _post("/settings/agents/{id}/deactivate", settings_agents.deactivate),
    _post("/settings/agents/{id}/activate", settings_agents.activate),
    route("/settings/hours", settings_hours.index, policy=Policy.ADMIN),
    _post("/settings/hours/{team}", settings_hours.change),
    _post("/settings/hours/{team}/remove", settings_hours.remove),
    route("/settings/teams", settings_teams.index, policy=Policy.ADMIN),
    _post("/settings/teams", settings_teams.create),
    _post("/settings/teams/{id}", settings_teams.change),
    _post("/settings/teams/{id}/remove", settings_teams.remove),
]

TRYING: list[BaseRoute] = [
    route("/try", newcomers.show, policy=Policy.AGENT),
    _post("/try", newcomers.create),
    route("/first-steps", newcomers.steps, policy=Policy.ADMIN),
    route("/try/mails", newcomers.send_mail, methods=["POST"], policy=Policy.AGENT, limit=MULTIPART_BYTES),
    _post("/try/remove", newcomers.remove),
]

SETTINGS: list[BaseRoute] = [*OWN, *TARGETS, *AUDIT, *KNOWING, *INTAKE, *CHANNELS, *PEOPLE, *TRYING]
