import { useEffect, useState } from 'react'

/** True once `id` has stayed the same for so long: who goes on faster does not look at it. */
export function useDwell(id: number, milliseconds: number): boolean {
  const [dwelt, setDwelt] = useState<number | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => setDwelt(id), milliseconds)
    return () => clearTimeout(timer)
  }, [id, milliseconds])
  return dwelt === id
}
