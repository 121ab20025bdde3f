import { useState } from 'react'
import type { Catalogue } from '../../api/types'
import { Button } from '../../design/Button'
import { ChoiceField } from '../../design/Field'
import { commonWays } from './launchRules'

/** How the next particles are picked: the few ways most people need, and all of them on demand. */
export function AcquisitionField({
  ways,
  value,
  onChange,
}: {
  ways: Catalogue['acquisition']
  value: string
  onChange: (id: string) => void
}) {
  const [showsAll, setShowsAll] = useState(false)
  const common = commonWays(ways, value)
  return (
    <div>
      <ChoiceField
        label="How the next particles are picked"
        choices={showsAll ? ways : common}
        value={value}
        onChange={onChange}
      />
      {common.length < ways.length && (
        <Button kind="quiet" size="small" onClick={() => setShowsAll(!showsAll)}>
          {showsAll ? 'Show fewer ways' : `Show all ${ways.length} ways`}
        </Button>
      )}
    </div>
  )
}
