import { useEffect, useEffectEvent } from 'react'
import { useStore } from 'zustand'
import { Button } from '../../../design/Button'
import { ProgressBar } from '../../../design/Meter'
import { ErrorNotice, Notice } from '../../../design/Notice'
import { formatBytes, formatCount, formatPercent, formatPlural, share } from '../../../format/numbers'
import { formatTimeLeft } from '../../../format/time'
import type { Upload, UploadPhase } from '../../../upload/Upload'
import styles from './BringData.module.css'

const WORDS: Record<UploadPhase, string> = {
  ready: 'Sending',
  sending: 'Sending',
  waiting: 'Waiting for the connection',
  paused: 'Paused',
  failed: 'Stopped',
  cancelled: 'Cancelled',
  done: 'Sent',
}

/** How far an upload is, and what can be done about it. */
export function UploadProgress({
  upload,
  onDone,
  onReset,
}: {
  upload: Upload
  onDone: (uploadId: string) => void
  onReset: () => void
}) {
  const state = useStore(upload.store)
  const { phase, uploadId } = state
  const done = useEffectEvent(onDone)
  useEffect(() => {
    if (phase === 'done' && uploadId !== null) done(uploadId)
  }, [phase, uploadId])

  const value = share(state.sentBytes, state.totalBytes)
  const figures = [
    `${formatBytes(state.sentBytes)} of ${formatBytes(state.totalBytes)}`,
    state.totalFiles > 1 && `${formatCount(state.sentFiles)} of ${formatPlural(state.totalFiles, 'file')}`,
    state.bytesPerSecond !== null && `${formatBytes(state.bytesPerSecond)}/s`,
    state.secondsLeft !== null && formatTimeLeft(state.secondsLeft),
  ]
  return (
    <div className={styles.fields}>
      <ProgressBar label="Upload" value={value ?? 0} />
      <p className={styles.figures}>
        <span>{WORDS[phase]}</span>
        {figures.filter(Boolean).map((figure) => (
          <span key={String(figure)}>{figure}</span>
        ))}
      </p>
      <p className="visually-hidden" role="status">
        {`Upload: ${WORDS[phase]}, ${formatPercent(Math.floor((value ?? 0) * 4) / 4)}`}
      </p>
      {phase === 'waiting' && (
        <Notice tone="warn" title="No connection">
          It goes on by itself from where it stopped. Leave this page open.
        </Notice>
      )}
      {phase === 'failed' && <ErrorNotice error={state.error} />}
      <div className={styles.actions}>
        {(phase === 'sending' || phase === 'waiting') && (
          <Button onClick={() => upload.pause()}>Pause</Button>
        )}
        {phase === 'paused' && (
          <Button kind="primary" onClick={() => upload.resume()}>
            Go on
          </Button>
        )}
        {phase === 'failed' && (
          <Button kind="primary" onClick={() => void upload.start()}>
            Try again
          </Button>
        )}
        <Button
          icon="stop"
          onClick={() => {
            void upload.cancel()
            onReset()
          }}
        >
          Cancel
        </Button>
      </div>
      {phase === 'sending' && (
        <p className={styles.muted}>
          You can look at other pages meanwhile. Closing the browser stops it; choose the same files again and
          it goes on.
        </p>
      )}
    </div>
  )
}
