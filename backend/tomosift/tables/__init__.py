"""The tables, one file per aggregate. Postgres is the truth: everything that must not be lost is a row here."""

from tomosift.tables.accounts import AccessToken, BrowserSession, Invitation, OidcRequest, SignInLink, User
from tomosift.tables.annotation import CurrentLabel, LabelEvent, Lease, QueueItem
from tomosift.tables.audit import AuditEvent
from tomosift.tables.base import Base
from tomosift.tables.cycles import Cycle, CycleTrigger, Model, ModelChoice, Prediction
from tomosift.tables.denoised import DenoisedVolume
from tomosift.tables.jobs import JOB_STATES, Job, JobLogLine, OutboxMessage, WorkerNode
from tomosift.tables.pool import EvaluationItem, Source, Subtomogram, Tomogram, UnlabeledSubtomogram, Upload
from tomosift.tables.projects import ClassExample, ClassMeaning, ClassSetChange, ParticleClass, Project, ProjectMember
from tomosift.tables.requests import AnsweredRequest
from tomosift.tables.webhooks import Webhook, WebhookDelivery

__all__ = [
    "JOB_STATES",
    "AccessToken",
    "AnsweredRequest",
    "AuditEvent",
    "Base",
    "BrowserSession",
    "ClassExample",
    "ClassMeaning",
    "ClassSetChange",
    "CurrentLabel",
    "Cycle",
    "CycleTrigger",
    "DenoisedVolume",
    "EvaluationItem",
    "Invitation",
    "Job",
    "JobLogLine",
    "LabelEvent",
    "Lease",
    "Model",
    "ModelChoice",
    "OidcRequest",
    "OutboxMessage",
    "ParticleClass",
    "Prediction",
    "Project",
    "ProjectMember",
    "QueueItem",
    "SignInLink",
    "Source",
    "Subtomogram",
    "Tomogram",
    "UnlabeledSubtomogram",
    "Upload",
    "User",
    "Webhook",
    "WebhookDelivery",
    "WorkerNode",
]
