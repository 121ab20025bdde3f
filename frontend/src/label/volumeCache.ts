/** Downloads each volume once and keeps the latest ones; failed downloads are tried again. */
import { ApiProblem } from '../api/problem'
import { VolumeFormatError, type Volume } from '../viewer/volume'
import type { LabelApi, SubtomogramBrief } from './api'

const KEPT = 32
const PAUSES_MS = [500, 2000, 6000]

/** Trying again helps against a lost connection and a busy service, not against a missing or broken volume. */
function isPassing(error: unknown): boolean {
  if (error instanceof VolumeFormatError) return false
  return !(error instanceof ApiProblem) || error.status >= 500 || error.status === 429
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

export class VolumeCache {
  private readonly volumes = new Map<string, Promise<Volume>>()

  constructor(
    private readonly api: Pick<LabelApi, 'volume'>,
    private readonly pauses: readonly number[] = PAUSES_MS,
  ) {}

  get(subtomogram: SubtomogramBrief): Promise<Volume> {
    const url = subtomogram.volume_url
    const known = this.volumes.get(url)
    if (known !== undefined) {
      this.volumes.delete(url) // The last used go last, so the oldest are forgotten first.
      this.volumes.set(url, known)
      return known
    }
    const download = this.download(subtomogram)
    this.volumes.set(url, download)
    download.catch(() => this.volumes.delete(url))
    for (const oldest of this.volumes.keys()) {
      if (this.volumes.size <= KEPT) break
      this.volumes.delete(oldest)
    }
    return download
  }

  private async download(subtomogram: SubtomogramBrief): Promise<Volume> {
    for (const wait of this.pauses) {
      try {
        return await this.api.volume(subtomogram)
      } catch (error) {
        if (!isPassing(error)) throw error
        await pause(wait)
      }
    }
    return this.api.volume(subtomogram)
  }
}
