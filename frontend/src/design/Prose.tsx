import { Fragment } from 'react'

/** A sentence of the service, in which `backticks` mark what is typed into a terminal. */
export function Prose({ text }: { text: string }) {
  return text.split('`').map((part, index) =>
    // Odd parts lie between two backticks.
    index % 2 === 1 ? <code key={index}>{part}</code> : <Fragment key={index}>{part}</Fragment>,
  )
}
