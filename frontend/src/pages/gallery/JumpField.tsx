import { useState, type FormEvent } from 'react'
import { explain } from '../../api/problem'
import { Button } from '../../design/Button'
import { TextField } from '../../design/Field'
import { SelectField } from '../../design/SelectField'
import { showToast } from '../../design/Toast'
import { VALUE_SORTS, type GalleryFilter } from '../../gallery/filter'
import type { GalleryItems } from '../../gallery/GalleryItems'
import styles from './JumpField.module.css'

const VALUE_NAMES: Readonly<Record<string, string>> = {
  score: 'Score',
  confidence: 'Confidence (%)',
  unlike: 'Unlikeness (%)',
}

/** Go to a place of the order, or to a value of what it is sorted by. */
export function JumpField({
  filter,
  items,
  onRank,
}: {
  filter: GalleryFilter
  items: GalleryItems
  onRank: (rank: number) => void
}) {
  const hasValues = VALUE_SORTS.includes(filter.sort) && filter.ids === null
  const [by, setBy] = useState<'rank' | 'value'>('rank')
  const [text, setText] = useState('')
  const go = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const number = Number(text.replace(',', '.').replace('%', ''))
    if (text.trim() === '' || !Number.isFinite(number)) return
    if (by === 'rank' || !hasValues) return onRank(Math.max(0, Math.round(number) - 1))
    try {
      onRank(await items.rankOf(filter.sort === 'score' ? number : number / 100))
    } catch (error) {
      const { title, detail } = explain(error)
      showToast(`${title}. ${detail}`, 'bad')
    }
  }
  return (
    <form className={styles.form} onSubmit={(event) => void go(event)}>
      {hasValues && (
        <SelectField
          label="Go to"
          options={[
            { value: 'rank', title: 'Place' },
            { value: 'value', title: VALUE_NAMES[filter.sort]! },
          ]}
          value={by}
          onChange={(value) => setBy(value as 'rank' | 'value')}
        />
      )}
      <TextField
        label={hasValues ? 'Number' : 'Go to place'}
        inputMode="decimal"
        short
        value={text}
        onChange={setText}
      />
      <Button type="submit" size="small">
        Go
      </Button>
    </form>
  )
}
