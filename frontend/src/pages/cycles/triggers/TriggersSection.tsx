import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Triggers, triggersQuery, useSetTriggers } from '../../../api/cycleModels'
import type { Project } from '../../../api/types'
import { allows } from '../../../app/projectContext'
import { Button } from '../../../design/Button'
import { ErrorNotice, Notice } from '../../../design/Notice'
import { Section } from '../../../design/Section'
import { Skeleton } from '../../../design/Skeleton'
import { showToast } from '../../../design/Toast'
import styles from './TriggersSection.module.css'
import { TriggersDialog } from './TriggersDialog'
import { describeState, describeTriggers, isOn, wantedOf } from './triggerWords'

/** What starts cycles by itself: said in a sentence, with what is waiting and what keeps it from starting. */
export function TriggersSection({ project }: { project: Project }) {
  const triggers = useQuery(triggersQuery(project.slug))
  const [editing, setEditing] = useState(false)
  const mayEdit = allows(project.role, 'curator')
  return (
    <Section
      title="Automatic cycles"
      actions={
        mayEdit && triggers.data && <Button onClick={() => setEditing(true)}>Set when cycles start</Button>
      }
    >
      {triggers.isPending && <Skeleton label="Loading what starts cycles" lines={2} />}
      {triggers.isError && (
        <ErrorNotice
          error={triggers.error}
          actions={<Button onClick={() => void triggers.refetch()}>Try again</Button>}
        />
      )}
      {triggers.data && <State slug={project.slug} triggers={triggers.data} mayEdit={mayEdit} />}
      {editing && triggers.data && (
        <TriggersDialog project={project} triggers={triggers.data} onClose={() => setEditing(false)} />
      )}
    </Section>
  )
}

function State({ slug, triggers, mayEdit }: { slug: string; triggers: Triggers; mayEdit: boolean }) {
  const set = useSetTriggers(slug)
  const resume = () =>
    set.mutate(wantedOf(triggers), { onSuccess: () => showToast('Cycles start by themselves again.') })
  return (
    <div className={styles.state}>
      <p>{describeTriggers(triggers)}</p>
      {isOn(triggers) && triggers.paused_at === null && <p>{describeState(triggers)}</p>}
      {isOn(triggers) && triggers.paused_at !== null && (
        <Notice
          tone="warn"
          title="Paused: nothing starts by itself"
          actions={
            mayEdit && (
              <Button disabled={set.isPending} onClick={resume}>
                Resume
              </Button>
            )
          }
        >
          {triggers.pause_reason} See why before you resume.
        </Notice>
      )}
      {set.error && <ErrorNotice error={set.error} />}
    </div>
  )
}
