import { useEffect } from 'react'
import { create } from 'zustand'
import { IconButton } from './Button'
import { classNames } from './classNames'
import { Icon } from './icons'
import styles from './Toast.module.css'

interface Toast {
  id: number
  text: string
  tone: 'good' | 'bad'
}

const useToasts = create<{ toasts: Toast[] }>(() => ({ toasts: [] }))
let lastId = 0

/** Say in passing that something was done (good) or went wrong (bad; stays until dismissed). */
export function showToast(text: string, tone: Toast['tone'] = 'good'): void {
  lastId += 1
  const toast = { id: lastId, text, tone }
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts.slice(-2), toast] }))
}

function dismiss(id: number): void {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }))
}

/** Where toasts appear; mounted once. */
export function ToastStack() {
  const toasts = useToasts((state) => state.toasts)
  return (
    <div className={styles.stack} role="status" aria-label="Messages">
      {toasts.map((toast) => (
        <ToastView key={toast.id} toast={toast} />
      ))}
    </div>
  )
}

function ToastView({ toast }: { toast: Toast }) {
  useEffect(() => {
    if (toast.tone === 'bad') return
    const timer = setTimeout(() => dismiss(toast.id), 6000)
    return () => clearTimeout(timer)
  }, [toast])
  return (
    <div className={classNames(styles.toast, toast.tone === 'bad' && styles.bad)}>
      <span className={styles.mark}>
        <Icon name={toast.tone === 'bad' ? 'alert' : 'check'} />
      </span>
      <p className={styles.text}>{toast.text}</p>
      <IconButton icon="close" label="Dismiss" size="small" onClick={() => dismiss(toast.id)} />
    </div>
  )
}
