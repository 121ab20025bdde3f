import { useSearchParams } from 'react-router'
import { useProject } from '../../app/projectContext'
import { Segmented } from '../../design/Segmented'
import { AgreementPart } from './AgreementPart'
import { DisputeDesk } from './DisputeDesk'
import { QueuePart } from './QueuePart'
import styles from './ReviewPage.module.css'

const PARTS = [
  { value: 'disputes', title: 'Disputes' },
  { value: 'agreement', title: 'Agreement' },
  { value: 'queue', title: 'Queue' },
] as const
type Part = (typeof PARTS)[number]['value']

/** For curators: settle disputes, see how far people agree, run the queue. Annotators see their own statistics. */
export default function ReviewPage() {
  const project = useProject()
  const [search, setSearch] = useSearchParams()
  const isCurator = project.role === 'curator' || project.role === 'owner'
  const asked = PARTS.find(({ value }) => value === search.get('part'))?.value ?? 'disputes'
  const part: Part = isCurator ? asked : 'agreement'
  return (
    <div className={styles.page}>
      <title>{`Review · ${project.name} · Tomosift`}</title>
      <div className={styles.head}>
        <h1>{isCurator ? 'Review' : 'My statistics'}</h1>
        {isCurator && (
          <Segmented
            label="Part of the review"
            options={[...PARTS]}
            value={part}
            onChange={(value) => setSearch({ part: value }, { replace: true })}
          />
        )}
      </div>
      {part === 'disputes' && <DisputeDesk project={project} />}
      {part === 'agreement' && <AgreementPart project={project} isCurator={isCurator} />}
      {part === 'queue' && <QueuePart project={project} />}
    </div>
  )
}
