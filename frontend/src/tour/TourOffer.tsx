import { useState } from 'react'
import { useUser } from '../app/userContext'
import { Button } from '../design/Button'
import styles from './TourOffer.module.css'
import { endTour, hadTour, startTour, useTour } from './tourState'

/** Offers the tour to whoever has not had it in this browser. */
export function TourOffer({ slug }: { slug: string }) {
  const user = useUser()
  const onTour = useTour((tour) => tour.step !== null)
  const [declined, setDeclined] = useState(false)
  if (onTour || declined || hadTour(user.id)) return null
  return (
    <aside className={styles.offer} aria-label="Tour">
      <p>
        <strong>New here?</strong> Eight short cards show how sorting works, on this very project.
      </p>
      <Button size="small" onClick={() => startTour(slug)}>
        Take the two-minute tour
      </Button>
      <Button
        kind="quiet"
        size="small"
        onClick={() => {
          endTour(user.id)
          setDeclined(true)
        }}
      >
        No, thanks
      </Button>
    </aside>
  )
}
