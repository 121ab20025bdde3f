/** Numbers as people read them. One locale for all, so that figures in papers and screenshots agree. */
const LOCALE = 'en-GB'

const integer = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 })

/** `12345` → `12,345`. */
export function formatCount(value: number): string {
  return integer.format(value)
}

/** `formatPlural(1, 'label')` → `1 label`; `formatPlural(40, 'class', 'classes')` → `40 classes`. */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** The service calls precision measured on fewer too few as well. */
const FEWEST_TO_RELY_ON = 20

/** What an accuracy was measured on, and whether that is enough: `from 33 evaluation particles`. */
export function formatMeasuredOn(count: number): string {
  const few = count < FEWEST_TO_RELY_ON ? ': too few to rely on' : ''
  return `from ${formatPlural(count, 'evaluation particle')}${few}`
}

/** A share between 0 and 1 as a percentage with no more digits than asked for: `0.8234` → `82 %`. */
export function formatPercent(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)} %`
}

/** A 95 % interval of a share: `71–90 %`. */
export function formatInterval(low: number, high: number, digits = 0): string {
  return `${(low * 100).toFixed(digits)}–${(high * 100).toFixed(digits)} %`
}

/** Items per second, per minute where it is slow: `180 per s`, `12 per min`. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 10) return `${formatCount(Math.round(perSecond))} per s`
  if (perSecond >= 1) return `${perSecond.toFixed(1)} per s`
  const perMinute = perSecond * 60
  return perMinute >= 10 ? `${Math.round(perMinute)} per min` : `${perMinute.toFixed(1)} per min`
}

/** `3100000000` → `3.1 GB`, in powers of a thousand. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  if (unit === 0) return formatPlural(value, 'byte')
  return `${value >= 99.5 ? value.toFixed(0) : Number(value.toPrecision(2))} ${units[unit]}`
}

/** Ångström per voxel: `10` → `10 Å/voxel`, `13.333` → `13.33 Å/voxel`. */
export function formatVoxelSize(angstrom: number): string {
  return `${Number(angstrom.toFixed(2))} Å/voxel`
}

/** Done of total, safe where the total is unknown or zero. Result in 0..1, or null. */
export function share(done: number | null | undefined, total: number | null | undefined): number | null {
  if (done == null || total == null || total <= 0) return null
  return Math.min(1, Math.max(0, done / total))
}
