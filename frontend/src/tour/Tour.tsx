import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react'
import { useLocation, useNavigate } from 'react-router'
import { useUser } from '../app/userContext'
import { Button } from '../design/Button'
import { placeCard, type Size } from './placeCard'
import { STEPS, type TourStep } from './steps'
import styles from './Tour.module.css'
import { endTour, goToStep, useTour } from './tourState'
import { useAnchor } from './useAnchor'

const FIRST_GUESS: Size = { width: 360, height: 200 }

/** Eight cards that stand beside real parts of the pages. Arrow keys go on and back, Escape ends it. */
export default function Tour() {
  const user = useUser()
  const { slug, step: at } = useTour()
  const navigate = useNavigate()
  const { pathname } = useLocation()
  const step = at === null ? undefined : STEPS[at]
  if (at === null || step === undefined) return null
  const end = () => endTour(user.id)
  const go = (to: number) => {
    const next = STEPS[to]
    if (next === undefined) return end()
    goToStep(to)
    const path = `/projects/${slug}${next.page}`
    if (path !== pathname) void navigate(path)
  }
  return (
    <Card
      key={at}
      step={step}
      number={at + 1}
      onBack={at === 0 ? undefined : () => go(at - 1)}
      onNext={() => go(at + 1)}
      onEnd={end}
    />
  )
}

function Card({
  step,
  number,
  onBack,
  onNext,
  onEnd,
}: {
  step: TourStep
  number: number
  onBack: (() => void) | undefined
  onNext: () => void
  onEnd: () => void
}) {
  const anchor = useAnchor(step.anchor)
  const card = useRef<HTMLDialogElement>(null)
  const next = useRef<HTMLDivElement>(null)
  const titleId = useId()
  const [size, setSize] = useState(FIRST_GUESS)
  useLayoutEffect(() => {
    const { offsetWidth: width, offsetHeight: height } = card.current ?? { offsetWidth: 0, offsetHeight: 0 }
    if (width > 0) setSize({ width, height })
  }, [])
  useEffect(() => {
    // After the page that was just opened has taken the focus.
    const timer = setTimeout(() => next.current?.querySelector<HTMLElement>('[data-next]')?.focus(), 60)
    return () => clearTimeout(timer)
  }, [])
  useEffect(() => {
    const actions = new Map([
      ['Escape', onEnd],
      ['ArrowRight', onNext],
      ['ArrowLeft', onBack],
    ])
    const onKey = (event: KeyboardEvent) => {
      const action = actions.get(event.key)
      if (action === undefined) return
      event.preventDefault()
      action()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [onBack, onNext, onEnd])

  const place = placeCard(anchor, size, { width: window.innerWidth, height: window.innerHeight })
  const isLast = number === STEPS.length
  return (
    <>
      {anchor !== null && <div className={styles.ring} style={anchor} aria-hidden="true" />}
      {/* An open dialog keeps the page's own keys from deciding anything meanwhile. */}
      <dialog open ref={card} className={styles.card} style={place} aria-labelledby={titleId}>
        <p className={styles.number}>
          {number} of {STEPS.length}
        </p>
        <h2 id={titleId}>{step.title}</h2>
        <p>{step.text}</p>
        <div className={styles.actions} ref={next}>
          <Button kind="quiet" size="small" onClick={onEnd}>
            {isLast ? 'Close' : 'End the tour'}
          </Button>
          <span className={styles.space} />
          {onBack && (
            <Button size="small" onClick={onBack}>
              Back
            </Button>
          )}
          <Button kind="primary" size="small" data-next onClick={onNext}>
            {isLast ? 'Done' : 'Next'}
          </Button>
        </div>
      </dialog>
    </>
  )
}
