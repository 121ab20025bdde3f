/** One class name per line, or separated by commas; blanks and repeats are left out. */
export function parseClassNames(text: string): string[] {
  const names = text
    .split(/[\n,;]/)
    .map((name) => name.trim())
    .filter(Boolean)
  return [...new Set(names)]
}
