import { useQuery } from '@tanstack/react-query'
import { explain } from '../../api/problem'
import { progressQuery } from '../../api/queries'
import { usePauseQueue } from '../../api/review'
import { useProject } from '../../app/projectContext'
import { Button } from '../../design/Button'
import { Section } from '../../design/Section'
import { showToast } from '../../design/Toast'

/** Stop and start handing out particles. Undoable, so it asks nothing. */
export function PauseQueue() {
  const project = useProject()
  const progress = useQuery(progressQuery(project.slug))
  const pause = usePauseQueue(project.slug)
  if (progress.data === undefined) return null
  const paused = progress.data.queue.is_paused
  return (
    <Section
      title="The queue"
      intro={
        paused
          ? 'It is paused: nobody is given particles to label. What people have open they can still decide.'
          : 'Pausing it gives nobody further particles to label, for as long as you like.'
      }
    >
      <Button
        disabled={pause.isPending}
        onClick={() =>
          pause.mutate(!paused, {
            onSuccess: () => showToast(paused ? 'The queue goes on.' : 'The queue is paused.'),
            onError: (error) => showToast(explain(error).detail, 'bad'),
          })
        }
      >
        {paused ? 'Let the queue go on' : 'Pause the queue'}
      </Button>
    </Section>
  )
}
