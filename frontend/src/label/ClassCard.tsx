/** A class's guide beside its button, while the pointer rests on it or the keyboard's focus does; Escape hides it. */
import { useCallback, useEffect, useRef, useState, type CSSProperties, type ReactElement } from 'react'
import type { ParticleClass } from './api'
import styles from './ClassCard.module.css'
import { ClassGuide } from './ClassGuide'

/** Who moves over the buttons on the way elsewhere sees none. */
const REST_MS = 450
/** Time to move from the button into the card. */
const LEAVE_MS = 200
const GAP = 10
const LEAST_HEIGHT = 260

interface Shown {
  readonly particleClass: ParticleClass
  readonly place: CSSProperties
}

export interface ClassCardControl {
  readonly shown: Shown | null
  readonly show: (particleClass: ParticleClass, button: Element) => void
  readonly hideSoon: () => void
  readonly hide: () => void
  readonly keep: () => void
}

export function useClassCard(): ClassCardControl {
  const [shown, setShown] = useState<Shown | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const keep = useCallback(() => clearTimeout(timer.current), [])
  const after = useCallback((milliseconds: number, next: () => Shown | null) => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setShown(next()), milliseconds)
  }, [])
  const hide = useCallback(() => {
    clearTimeout(timer.current)
    setShown(null)
  }, [])
  useEffect(() => keep, [keep])
  useEffect(() => {
    if (shown === null) return
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') hide()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [shown, hide])
  return {
    shown,
    show: (particleClass, button) => after(REST_MS, () => ({ particleClass, place: besides(button) })),
    hideSoon: () => after(LEAVE_MS, () => null),
    hide,
    keep,
  }
}

/** Left of the button where there is room, else below it. */
function besides(button: Element): CSSProperties {
  const { left, top, bottom } = button.getBoundingClientRect()
  if (left < 360) return { left: 16, top: Math.min(bottom + GAP, window.innerHeight - LEAST_HEIGHT) }
  return {
    right: window.innerWidth - left + GAP,
    top: Math.max(GAP, Math.min(top, window.innerHeight - LEAST_HEIGHT)),
  }
}

export function ClassCard({
  slug,
  control,
}: {
  readonly slug: string
  readonly control: ClassCardControl
}): ReactElement | null {
  const { shown } = control
  if (shown === null) return null
  return (
    <div
      className={styles.card}
      style={shown.place}
      role="region"
      aria-label={`About ${shown.particleClass.name}`}
      onPointerEnter={control.keep}
      onPointerLeave={control.hideSoon}
    >
      <ClassGuide slug={slug} particleClass={shown.particleClass} />
    </div>
  )
}
