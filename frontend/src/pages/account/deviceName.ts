const BROWSERS: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/OPR\//, 'Opera'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
]
const SYSTEMS: [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
]

const find = (table: [RegExp, string][], text: string) => table.find(([sign]) => sign.test(text))?.[1]

/** `Firefox on Linux`, from what a browser says of itself; its own words where they say neither. */
export function deviceName(device: string | null): string {
  if (device === null || device === '') return 'Unknown browser'
  const [browser, system] = [find(BROWSERS, device), find(SYSTEMS, device)]
  if (browser === undefined && system === undefined) return device.slice(0, 60)
  return [browser ?? 'A browser', system].filter(Boolean).join(' on ')
}
