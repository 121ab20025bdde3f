import { useState } from 'react'
import { useMakeToken } from '../../api/people'
import type { ProjectSummary } from '../../api/types'
import { Button } from '../../design/Button'
import { Dialog } from '../../design/Dialog'
import { ChoiceField, TextField } from '../../design/Field'
import { ErrorNotice } from '../../design/Notice'
import { SecretOnce } from '../../design/SecretOnce'
import { SelectField } from '../../design/SelectField'
import people from '../people/people.module.css'

const SCOPES = [
  { id: 'read', title: 'Read', description: 'Looks and downloads; changes nothing.' },
  { id: 'write', title: 'Read and write', description: 'Whatever you may do yourself in projects.' },
]
const DAYS = [
  { value: '30', title: '30 days' },
  { value: '90', title: '90 days' },
  { value: '365', title: 'One year' },
  { value: 'never', title: 'Until it is revoked' },
]

/** Make an access token; its secret is shown once. */
export function NewTokenDialog({ projects, onClose }: { projects: ProjectSummary[]; onClose: () => void }) {
  const [name, setName] = useState('')
  const [scope, setScope] = useState('read')
  const [project, setProject] = useState('')
  const [days, setDays] = useState('90')
  const [tried, setTried] = useState(false)
  const make = useMakeToken()

  if (make.data !== undefined) {
    return (
      <SecretOnce
        title={`Token “${make.data.name}”`}
        label="Access token"
        secret={make.data.token}
        hint="Give it to your script, as in “Authorization: Bearer …”, or to tomosift by TOMOSIFT_TOKEN."
        onClose={onClose}
      />
    )
  }
  const submit = () => {
    setTried(true)
    if (name.trim() === '') return
    make.mutate({
      name: name.trim(),
      scope: scope === 'write' ? 'write' : 'read',
      project: project === '' ? null : project,
      expires_in_days: days === 'never' ? null : Number(days),
    })
  }
  return (
    <Dialog
      title="New access token"
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={make.isPending}>
            {make.isPending ? 'Making…' : 'Make token'}
          </Button>
        </>
      }
    >
      <div className={people.fields}>
        <TextField
          label="What it is for"
          placeholder="import script"
          value={name}
          onChange={setName}
          error={tried && name.trim() === '' ? 'Give it a name, so that you know it again.' : null}
          maxLength={100}
        />
        <ChoiceField label="It may" choices={SCOPES} value={scope} onChange={setScope} />
        <SelectField
          label="Where"
          options={[
            { value: '', title: 'All your projects' },
            ...projects
              .filter(({ delete_after }) => delete_after === null)
              .map((each) => ({ value: each.slug, title: `Only ${each.name}` })),
          ]}
          value={project}
          onChange={setProject}
        />
        <SelectField label="It works for" options={DAYS} value={days} onChange={setDays} />
        {make.error && <ErrorNotice error={make.error} />}
      </div>
    </Dialog>
  )
}
