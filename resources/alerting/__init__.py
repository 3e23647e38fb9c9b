"""Who is told what is wrong: a log, a webhook, a mailbox, Prometheus. Each end hears of each trouble once."""

from resources.alerting.alerting import Alerting, Sent

__all__ = ["Alerting", "Sent"]
