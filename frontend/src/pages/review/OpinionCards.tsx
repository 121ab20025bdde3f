import { Badge } from '../../design/Badge'
import { TimeAgo } from '../../design/TimeAgo'
import { confidenceName } from '../../label/DecisionNotes'
import type { Opinion, Project } from '../../api/types'
import styles from './OpinionCards.module.css'
import { valueColor, valueName } from './values'

/** All that was said of a particle, side by side. */
export function OpinionCards({ opinions, project }: { opinions: Opinion[]; project: Project }) {
  return (
    // A scroll container must take the focus, or keyboards cannot scroll it.
    <div className={styles.scroll} role="region" aria-label="Opinions" tabIndex={0}>
      <ul className={styles.cards}>
        {opinions.map((opinion) => (
          <OpinionCard key={opinion.event_id} opinion={opinion} project={project} />
        ))}
      </ul>
    </div>
  )
}

function OpinionCard({ opinion, project }: { opinion: Opinion; project: Project }) {
  const { classes } = project
  const details = [
    confidenceName(opinion.confidence),
    opinion.duration_ms === null ? null : `${(opinion.duration_ms / 1000).toFixed(1)} s`,
  ].filter((word) => word !== null)
  return (
    <li className={styles.card}>
      <p className={styles.value}>
        <span className={styles.swatch} style={{ background: valueColor(opinion, classes) }} />
        <strong>{valueName(opinion, classes)}</strong>
      </p>
      <p>{opinion.imported ? 'From a file' : opinion.display_name}</p>
      <p className={styles.details}>
        <TimeAgo iso={opinion.at} />
        {details.map((word) => (
          <span key={word}> · {word}</span>
        ))}
      </p>
      {opinion.comment !== null && <p className={styles.comment}>“{opinion.comment}”</p>}
      {opinion.late && <Badge tone="warn">late: a further opinion</Badge>}
      {opinion.work === 'adjudication' && <Badge>adjudicated</Badge>}
    </li>
  )
}
