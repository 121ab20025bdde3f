import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { membersQuery } from '../../api/people'
import type { Project, User } from '../../api/types'
import { Button } from '../../design/Button'
import { CheckField } from '../../design/CheckField'
import { TextField } from '../../design/Field'
import { SelectField, type Option } from '../../design/SelectField'
import { formatCount } from '../../format/numbers'
import { EVERYTHING, filterCount, VALUE_SORTS, type GalleryFilter, type Sort } from '../../gallery/filter'
import type { GalleryItems, GalleryState } from '../../gallery/GalleryItems'
import styles from './FilterBar.module.css'

const SORT_TITLES: Readonly<Record<Sort, string>> = {
  place: 'Order of import',
  score: 'Score: what is to be learned',
  confidence: "Model's confidence",
  unlike: 'Unlike all classes',
  decided: 'Newest decision',
}
/** Which way round says more. */
const FIRST_DESCENDING: readonly Sort[] = ['score', 'unlike', 'decided']

interface FilterBarProps {
  project: Project
  user: User
  filter: GalleryFilter
  state: GalleryState
  items: GalleryItems
  onChange: (filter: GalleryFilter) => void
  children: ReactNode
}

/** Which particles, in which order, and how many that are. */
export function FilterBar(props: FilterBarProps) {
  const { project, user, filter, state, items, onChange, children } = props
  const [more, setMore] = useState(() => usesMore(filter))
  const classes = project.classes.map(({ id, name }) => ({ value: id, title: name }))
  const change = (part: Partial<GalleryFilter>): void => onChange({ ...filter, ...part })
  const isSent = filter.ids !== null
  return (
    <div className={styles.bar}>
      <div className={styles.row}>
        {isSent ? (
          <p className={styles.sent}>
            These particles were sent here.{' '}
            <Button size="small" onClick={() => onChange(EVERYTHING)}>
              Show the whole pool
            </Button>
          </p>
        ) : (
          <>
            <SelectField
              label="Label"
              options={[
                { value: '', title: 'Any or none' },
                { value: 'unlabeled', title: 'Not labeled' },
                ...classes,
                { value: 'unsure', title: 'Unsure' },
                { value: 'junk', title: 'Junk' },
              ]}
              value={filter.label}
              onChange={(label) => change({ label })}
            />
            <SelectField
              label="Model says"
              options={[{ value: '', title: 'Anything' }, ...classes, { value: 'junk', title: 'Junk' }]}
              value={filter.predicted}
              onChange={(predicted) => change({ predicted })}
            />
            <SelectField
              label="Sort by"
              options={(Object.keys(SORT_TITLES) as Sort[]).map((value) => ({
                value,
                title: SORT_TITLES[value],
              }))}
              value={filter.sort}
              onChange={(value) => {
                const sort = value as Sort
                change({ sort, descending: FIRST_DESCENDING.includes(sort) })
              }}
            />
            <Button size="small" onClick={() => change({ descending: !filter.descending })}>
              {directionText(filter)}
            </Button>
            <Button size="small" kind="quiet" aria-expanded={more} onClick={() => setMore(!more)}>
              {more ? 'Fewer filters' : 'More filters'}
            </Button>
          </>
        )}
        {children}
        <Count state={state} filter={filter} onClear={() => onChange({ ...EVERYTHING, sort: filter.sort })} />
      </div>
      {more && !isSent && (
        <MoreFilters project={project} user={user} filter={filter} items={items} onChange={change} />
      )}
    </div>
  )
}

function usesMore(filter: GalleryFilter): boolean {
  const { label, predicted } = filter
  return filterCount({ ...filter, ids: null }) > [label, predicted].filter((value) => value !== '').length
}

function directionText({ sort, descending }: GalleryFilter): string {
  if (sort === 'decided') return descending ? 'Newest first' : 'Oldest first'
  if (VALUE_SORTS.includes(sort)) return descending ? 'Highest first' : 'Lowest first'
  return descending ? 'From the last' : 'From the first'
}

function Count({
  state,
  filter,
  onClear,
}: {
  state: GalleryState
  filter: GalleryFilter
  onClear: () => void
}) {
  const { count, isCapped, model } = state
  const filters = filter.ids === null ? filterCount(filter) : 0
  return (
    <p className={styles.count} role="status">
      {count === null ? (
        'Counting…'
      ) : (
        <>
          <b>
            {isCapped && 'more than '}
            {formatCount(count)}
          </b>{' '}
          {count === 1 ? 'particle' : 'particles'}
        </>
      )}
      {model?.cycle_number != null && <span>model of cycle {model.cycle_number}</span>}
      {filters > 0 && (
        <Button size="small" kind="quiet" onClick={onClear}>
          Clear filters
        </Button>
      )}
    </p>
  )
}

function MoreFilters({
  project,
  user,
  filter,
  items,
  onChange,
}: {
  project: Project
  user: User
  filter: GalleryFilter
  items: GalleryItems
  onChange: (part: Partial<GalleryFilter>) => void
}) {
  return (
    <div className={styles.row}>
      <PercentField
        key={`min ${filter.confidenceMin}`}
        label="Confidence from"
        value={filter.confidenceMin}
        onChange={(confidenceMin) => onChange({ confidenceMin })}
      />
      <PercentField
        key={`max ${filter.confidenceMax}`}
        label="to"
        value={filter.confidenceMax}
        onChange={(confidenceMax) => onChange({ confidenceMax })}
      />
      <SettledField
        key={`tomogram ${filter.tomogram}`}
        label="Tomogram"
        value={filter.tomogram}
        suggestions={items.tomograms()}
        onChange={(tomogram) => onChange({ tomogram })}
      />
      <AnnotatorField project={project} user={user} filter={filter} onChange={onChange} />
      <SettledField
        key={`batch ${filter.batch}`}
        label="Picked by cycle"
        value={filter.batch === null ? '' : String(filter.batch)}
        suggestions={[]}
        onChange={(text) => onChange({ batch: /^\d+$/.test(text) ? Number(text) : null })}
      />
      <CheckField
        label="Label and model differ"
        checked={filter.disagrees}
        onChange={(disagrees) => onChange({ disagrees })}
      />
    </div>
  )
}

function AnnotatorField({
  project,
  user,
  filter,
  onChange,
}: {
  project: Project
  user: User
  filter: GalleryFilter
  onChange: (part: Partial<GalleryFilter>) => void
}) {
  const isCurator = project.role === 'curator' || project.role === 'owner'
  // Others' decisions are for curators.
  const { data } = useQuery({ ...membersQuery(project.slug), enabled: isCurator })
  const others: Option[] = (data?.items ?? [])
    .filter(({ user: member }) => member.id !== user.id)
    .map(({ user: member }) => ({ value: member.id, title: member.display_name }))
  return (
    <SelectField
      label="Decided by"
      options={[{ value: '', title: 'Anyone or nobody' }, { value: user.id, title: 'Me' }, ...others]}
      value={filter.annotator}
      onChange={(annotator) => onChange({ annotator })}
    />
  )
}

/** Text that is used when Enter is pressed or the field is left. */
function SettledField({
  label,
  value,
  suggestions,
  onChange,
}: {
  label: string
  value: string
  suggestions: readonly string[]
  onChange: (value: string) => void
}) {
  const [text, setText] = useState(value)
  const list = `gallery-${label.replaceAll(' ', '-')}`
  const settle = (): void => {
    if (text.trim() !== value) onChange(text.trim())
  }
  return (
    <>
      <TextField
        label={label}
        value={text}
        onChange={setText}
        onBlur={settle}
        onKeyDown={(event) => event.key === 'Enter' && settle()}
        list={suggestions.length > 0 ? list : undefined}
      />
      {suggestions.length > 0 && (
        <datalist id={list}>
          {suggestions.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      )}
    </>
  )
}

function PercentField({
  label,
  value,
  onChange,
}: {
  label: string
  value: number | null
  onChange: (value: number | null) => void
}) {
  return (
    <SettledField
      label={`${label} (%)`}
      value={value === null ? '' : String(Number((100 * value).toFixed(2)))}
      suggestions={[]}
      onChange={(text) => {
        const share = Number(text.replace(',', '.').replace('%', '')) / 100
        onChange(text === '' || !(share >= 0 && share <= 1) ? null : share)
      }}
    />
  )
}
