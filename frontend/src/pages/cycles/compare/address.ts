/** The page that compares two cycles, the earlier one first. */
export function compareAddress(slug: string, one: number, other: number): string {
  const [before, after] = one < other ? [one, other] : [other, one]
  return `/projects/${slug}/cycles/compare?before=${before}&after=${after}`
}
