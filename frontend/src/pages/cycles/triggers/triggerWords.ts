/** What starts cycles by itself, in words. */
import type { Triggers, TriggersIn } from '../../../api/cycleModels'
import { formatCount, formatPlural } from '../../../format/numbers'
import { formatDateTime } from '../../../format/time'

export function isOn({ after_labels: labels, nightly_at: time }: Triggers): boolean {
  return labels != null || time != null
}

/** The same, to be set once more. */
export function wantedOf({ after_labels, nightly_at, time_zone, settings }: Triggers): TriggersIn {
  return {
    after_labels: after_labels ?? null,
    nightly_at: nightly_at ?? null,
    ...(time_zone !== undefined && { time_zone }),
    ...(settings !== undefined && { settings }),
  }
}

/** `A cycle starts after 100 new labels, and every day at 02:00 (Europe/Berlin).` */
export function describeTriggers(triggers: Triggers): string {
  const { after_labels: labels, nightly_at: time, time_zone: zone } = triggers
  const parts = [
    labels != null && `after ${formatPlural(labels, 'new label')}`,
    time != null && `every day at ${time} (${zone ?? 'UTC'}) if there is a new label`,
  ].filter(Boolean)
  if (parts.length === 0) return 'Nothing starts by itself: every cycle is launched by a person.'
  return `A cycle starts ${parts.join(', and ')}.`
}

/** How far it is until the next one. */
export function describeState({
  after_labels: labels,
  new_labels: fresh,
  next_night: night,
}: Triggers): string {
  const waiting =
    labels != null && fresh < labels
      ? `${formatCount(fresh)} of ${formatCount(labels)} new labels are there.`
      : `${formatPlural(fresh, 'new label')} ${fresh === 1 ? 'waits' : 'wait'} for a cycle.`
  return night ? `${waiting} The next night begins ${formatDateTime(night)}.` : waiting
}
