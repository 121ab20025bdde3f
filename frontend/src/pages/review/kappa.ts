import type { Kappa } from '../../api/types'

/** `0.87`; words where it is not defined, as with a single answer only. */
export function formatKappa({ value }: Kappa): string {
  return value === null ? 'not defined' : value.toFixed(2)
}

/** `0.80 to 0.93`; null where there is none. Negative bounds keep a true minus sign. */
export function formatKappaInterval({ low, high }: Kappa): string | null {
  if (low === null || high === null) return null
  return `${bound(low)} to ${bound(high)}`
}

const bound = (value: number) => value.toFixed(2).replace('-', '−')
